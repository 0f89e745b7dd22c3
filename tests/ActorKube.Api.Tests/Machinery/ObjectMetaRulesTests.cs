using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery;

public class ObjectMetaRulesTests
{
    private static List<string> Create(V1ObjectMeta meta, bool namespaced = true) =>
        [.. ObjectMetaRules.ValidateCreate(meta, namespaced, (name, _) => NameRules.Dns1123Subdomain(name)).Select(e => e.ToString())];

    [Fact]
    public void Plain_metadata_is_fine() => Assert.Empty(Create(new V1ObjectMeta
    {
        Name = "web",
        NamespaceProperty = "default",
        Labels = new Dictionary<string, string> { ["app.kubernetes.io/name"] = "web", ["x"] = "" },
        Annotations = new Dictionary<string, string> { ["Example.com/Some"] = "anything {}" },
        Finalizers = ["example.com/hold", "foregroundDeletion"],
        OwnerReferences = [new V1OwnerReference { ApiVersion = "v1", Kind = "Pod", Name = "p", Uid = "u", Controller = true }],
    }));

    [Fact]
    public void A_name_is_needed_and_must_be_a_subdomain()
    {
        Assert.Equal(["metadata.name: Required value: name or generateName is required", "metadata.namespace: Required value"], Create(new V1ObjectMeta()));
        Assert.Equal(
            ["metadata.name: Invalid value: \"Web_1\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"],
            Create(new V1ObjectMeta { Name = "Web_1", NamespaceProperty = "default" }));
        Assert.Equal(["metadata.namespace: Forbidden: not allowed on this type"], Create(new V1ObjectMeta { Name = "a", NamespaceProperty = "default" }, false));
    }

    [Fact]
    public void Labels_annotations_owners_and_finalizers_are_checked()
    {
        var errors = Create(new V1ObjectMeta
        {
            Name = "a",
            NamespaceProperty = "b",
            Labels = new Dictionary<string, string> { ["ok"] = "no spaces" },
            Annotations = new Dictionary<string, string> { ["big"] = new string('x', ObjectMetaRules.MaxAnnotationBytes) },
            Finalizers = ["short"],
            OwnerReferences = [new V1OwnerReference { Kind = "Pod", Name = "p", Uid = "u" }],
        });
        Assert.StartsWith("metadata.labels: Invalid value: \"no spaces\": a valid label must be an empty string", errors[0]);
        Assert.Equal("metadata.annotations: Too long: may not be more than 262144 bytes", errors[1]);
        Assert.Equal("metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty", errors[2]);
        Assert.Equal("metadata.finalizers[0]: Invalid value: \"short\": name is neither a standard finalizer name nor is it fully qualified", errors[3]);
    }

    [Fact]
    public void What_identifies_an_object_may_not_change()
    {
        var old = new V1ObjectMeta { Name = "a", NamespaceProperty = "b", Uid = "1", CreationTimestamp = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc), DeletionTimestamp = new DateTime(2024, 1, 2, 0, 0, 0, DateTimeKind.Utc) };
        var changed = ApiJson.Copy(old);
        changed.Name = "c";
        changed.Uid = "2";
        changed.Finalizers = ["x/y"];
        Assert.Equal(
            [
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"x/y\"}",
                "metadata.resourceVersion: Invalid value: \"\": must be specified for an update",
                "metadata.name: Invalid value: \"c\": field is immutable",
                "metadata.uid: Invalid value: \"2\": field is immutable",
            ],
            ObjectMetaRules.ValidateUpdate(changed, old).Select(e => e.ToString()));
    }

    [Fact]
    public void Equality_looks_at_the_meaning()
    {
        static V1PodSpec Spec(string cpu, params string[] nodes) => new()
        {
            Containers = [new V1Container { Name = "c", Args = nodes.Length == 0 ? null : nodes, Resources = new V1ResourceRequirements { Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu) } } }],
        };

        Assert.True(SemanticEquality.Equal(Spec("1"), Spec("1000m")));
        Assert.False(SemanticEquality.Equal(Spec("1"), Spec("2")));
        Assert.False(SemanticEquality.Equal(Spec("1", "a"), Spec("1", "b")));
        var empty = Spec("1");
        empty.Containers[0].Args = [];
        empty.NodeSelector = new Dictionary<string, string>();
        Assert.True(SemanticEquality.Equal(Spec("1"), empty));
        empty.SecurityContext = new V1PodSecurityContext();
        Assert.False(SemanticEquality.Equal(Spec("1"), empty));
        Assert.True(SemanticEquality.Equal(new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }, new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" }));
    }
}
