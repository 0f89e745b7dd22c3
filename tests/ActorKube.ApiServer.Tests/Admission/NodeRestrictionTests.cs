using ActorKube.Api.Kinds;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Admission;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Admission;

public class NodeRestrictionTests
{
    private static readonly UserInfo N1 = new("system:node:n1", ["system:nodes"]);

    private static V1Node Node(params string[] labels) => new() { Metadata = new V1ObjectMeta { Name = "n1", Uid = "u", Labels = labels.ToDictionary(l => l, _ => "x") }, Spec = new V1NodeSpec() };

    private static V1Pod Pod(string node) => new() { Metadata = new V1ObjectMeta { Name = "p" }, Spec = new V1PodSpec { NodeName = node, Containers = [] } };

    private static AdmissionRequest Request<T>(string operation, object? value, object? old = null, string name = "n1", string subresource = "", string ns = "") where T : IKubernetesObject<V1ObjectMeta> =>
        new(operation, KindRegistry.BuiltIn.Of<T>(), subresource, ns, name, value, old, N1, false);

    private static string? OfPod(AdmissionRequest request) =>
        NodeRestrictionRules.PodAsync("n1", request, n => new(Pod(n == "mine" ? "n1" : "n2")), _ => new(Node())).AsTask().GetAwaiter().GetResult();

    [Fact]
    public void A_node_writes_its_own_Node_only() =>
        Assert.Equal("node \"n1\" is not allowed to modify node \"n2\"", NodeRestrictionRules.Node("n1", Request<V1Node>("UPDATE", Node(), Node(), "n2")));

    [Theory]
    [InlineData("example.org/rack", null)]
    [InlineData("topology.kubernetes.io/zone", null)]
    [InlineData("kubelet.kubernetes.io/x", null)]
    [InlineData("node-restriction.kubernetes.io/trusted", "node \"n1\" is not allowed to set the following labels: node-restriction.kubernetes.io/trusted")]
    [InlineData("node-role.kubernetes.io/control-plane", "node \"n1\" is not allowed to set the following labels: node-role.kubernetes.io/control-plane")]
    public void A_node_sets_only_labels_that_are_a_kubelet_s(string label, string? expected) => Assert.Equal(expected, NodeRestrictionRules.Node("n1", Request<V1Node>("CREATE", Node(label))));

    [Fact]
    public void A_node_leaves_its_taints_alone()
    {
        var tainted = Node();
        tainted.Spec.Taints = [new V1Taint { Key = "k", Effect = "NoSchedule" }];
        Assert.Equal("node \"n1\" is not allowed to modify taints", NodeRestrictionRules.Node("n1", Request<V1Node>("UPDATE", Node(), tainted)));
    }

    [Fact]
    public void A_node_touches_only_its_own_pods()
    {
        Assert.Null(OfPod(Request<V1Pod>("DELETE", null, Pod("n1"))));
        Assert.Equal("node \"n1\" can only delete pods with spec.nodeName set to itself", OfPod(Request<V1Pod>("DELETE", null, Pod("n2"))));
        Assert.Null(OfPod(Request<V1Pod>("UPDATE", Pod("n1"), Pod("n1"), subresource: "status")));
        Assert.Equal("node \"n1\" can only update pod status for pods with spec.nodeName set to itself", OfPod(Request<V1Pod>("UPDATE", Pod("n2"), Pod("n2"), subresource: "status")));
        Assert.Null(OfPod(Request<V1Pod>("CREATE", new V1Eviction(), null, "mine", "eviction")));
        Assert.Equal("node n1 can only evict pods with spec.nodeName set to itself", OfPod(Request<V1Pod>("CREATE", new V1Eviction(), null, "other", "eviction")));
        Assert.Equal("unexpected pod subresource \"binding\", only 'status' and 'eviction' are allowed", OfPod(Request<V1Pod>("CREATE", null, subresource: "binding")));
        Assert.Contains("can only create mirror pods", OfPod(Request<V1Pod>("CREATE", Pod("n1"))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mirror_pod_belongs_to_its_node_and_names_nothing_else()
    {
        var pod = Pod("n1");
        pod.Metadata.Annotations = new Dictionary<string, string> { ["kubernetes.io/config.mirror"] = "x" };
        Assert.Equal("node \"n1\" can only create pods with an owner reference set to itself", OfPod(Request<V1Pod>("CREATE", pod)));
        pod.Metadata.OwnerReferences = [new V1OwnerReference { ApiVersion = "v1", Kind = "Node", Name = "n1", Uid = "u", Controller = true }];
        Assert.Null(OfPod(Request<V1Pod>("CREATE", pod)));
        pod.Spec.Volumes = [new V1Volume { Name = "s", Secret = new V1SecretVolumeSource { SecretName = "s" } }];
        Assert.Equal("node \"n1\" can not create pods that reference secrets", OfPod(Request<V1Pod>("CREATE", pod)));
    }

    [Fact]
    public void A_node_s_lease_has_its_name_and_place()
    {
        Assert.Null(NodeRestrictionRules.Lease("n1", Request<V1Lease>("UPDATE", null, ns: "kube-node-lease")));
        Assert.Equal("can only access leases in the \"kube-node-lease\" system namespace", NodeRestrictionRules.Lease("n1", Request<V1Lease>("UPDATE", null, ns: "default")));
        Assert.Equal("can only access node lease with the same name as the requesting node", NodeRestrictionRules.Lease("n1", Request<V1Lease>("UPDATE", null, name: "n2", ns: "kube-node-lease")));
    }
}
