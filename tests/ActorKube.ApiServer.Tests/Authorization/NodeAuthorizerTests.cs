using ActorKube.ApiServer.Tests.Api;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Authorization;

/// <summary>A node sees what its pods mention, writes what is its own, and no more.</summary>
public sealed class NodeAuthorizerTests(TestServer server) : IClassFixture<TestServer>
{
    private async Task<(bool Allowed, string Reason)> MayAsync(string node, string verb, string resource, string ns = "", string name = "", string group = "", string subresource = "", string selector = "")
    {
        var review = await server.Admin.AuthorizationV1.CreateSubjectAccessReviewAsync(new V1SubjectAccessReview
        {
            Spec = new V1SubjectAccessReviewSpec
            {
                User = $"system:node:{node}",
                Groups = ["system:nodes", "system:authenticated"],
                ResourceAttributes = new V1ResourceAttributes
                {
                    Verb = verb, Group = group, Version = "v1", Resource = resource, Subresource = subresource, NamespaceProperty = ns, Name = name,
                    FieldSelector = selector.Length == 0 ? null : new V1FieldSelectorAttributes { RawSelector = selector },
                },
            },
        });
        return (review.Status.Allowed, review.Status.Reason ?? "");
    }

    private static V1Pod Pod(string name, string node) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new V1PodSpec
        {
            NodeName = node,
            ServiceAccountName = "default",
            AutomountServiceAccountToken = false,
            ImagePullSecrets = [new V1LocalObjectReference { Name = "pull" }],
            Containers =
            [
                new V1Container
                {
                    Name = "c", Image = "i",
                    Env = [new V1EnvVar { Name = "A", ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = "env", Key = "k", Optional = true } } }],
                },
            ],
            Volumes =
            [
                new V1Volume { Name = "s", Secret = new V1SecretVolumeSource { SecretName = "volume", Optional = true } },
                new V1Volume { Name = "p", Projected = new V1ProjectedVolumeSource { Sources = [new V1VolumeProjection { ConfigMap = new V1ConfigMapProjection { Name = "projected", Optional = true } }] } },
                new V1Volume { Name = "d", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = "claim" } },
            ],
        },
    };

    [Fact]
    public async Task A_node_reads_what_its_pods_mention_for_as_long_as_they_are_there()
    {
        var ns = await server.NamespaceAsync();
        await EnsureAccountAsync(ns);
        Assert.False((await MayAsync("n1", "get", "secrets", ns, "env")).Allowed);
        await server.Admin.CoreV1.CreateNamespacedPodAsync(Pod("a", "n1"), ns);
        foreach (var (resource, name) in new[] { ("secrets", "pull"), ("secrets", "env"), ("secrets", "volume"), ("configmaps", "projected"), ("persistentvolumeclaims", "claim"), ("pods", "a"), ("serviceaccounts", "default") })
        {
            Assert.Equal((resource, name, true), (resource, name, (await MayAsync("n1", "get", resource, ns, name)).Allowed));
            Assert.Equal((false, $"no relationship found between node 'n2' and this object"), await MayAsync("n2", "get", resource, ns, name));
        }

        Assert.True((await MayAsync("n1", "watch", "secrets", ns, "env")).Allowed);
        Assert.Equal((false, "No Object name found"), await MayAsync("n1", "list", "secrets", ns));
        Assert.Equal((false, "can only read resources of this type"), await MayAsync("n1", "update", "secrets", ns, "env"));
        Assert.Equal((false, "no relationship found between node 'n1' and this object"), await MayAsync("n1", "get", "secrets", ns, "other"));
        Assert.True((await MayAsync("n1", "create", "serviceaccounts", ns, "default", subresource: "token")).Allowed);
        Assert.False((await MayAsync("n2", "create", "serviceaccounts", ns, "default", subresource: "token")).Allowed);
        await server.Admin.CoreV1.DeleteNamespacedPodAsync("a", ns, new V1DeleteOptions { GracePeriodSeconds = 0 });
        Assert.False((await MayAsync("n1", "get", "secrets", ns, "env")).Allowed);
    }

    [Fact]
    public async Task A_volume_and_its_secrets_belong_to_the_node_of_the_pod_that_claims_it()
    {
        var ns = await server.NamespaceAsync();
        await EnsureAccountAsync(ns);
        await server.Admin.CoreV1.CreatePersistentVolumeAsync(new V1PersistentVolume
        {
            Metadata = new V1ObjectMeta { Name = $"pv-{ns}" },
            Spec = new V1PersistentVolumeSpec
            {
                AccessModes = ["ReadWriteOnce"],
                Capacity = new Dictionary<string, ResourceQuantity> { ["storage"] = new("1Gi") },
                Csi = new V1CSIPersistentVolumeSource { Driver = "d.example.com", VolumeHandle = "h", NodeStageSecretRef = new V1SecretReference { Name = "stage", NamespaceProperty = "vault" } },
                ClaimRef = new V1ObjectReference { Name = "claim", NamespaceProperty = ns },
            },
        });
        await server.Admin.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(new V1PersistentVolumeClaim
        {
            Metadata = new V1ObjectMeta { Name = "claim" },
            Spec = new V1PersistentVolumeClaimSpec { AccessModes = ["ReadWriteOnce"], VolumeName = $"pv-{ns}", Resources = new V1VolumeResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new("1Gi") } } },
        }, ns);
        await server.Admin.CoreV1.CreateNamespacedPodAsync(Pod("a", "n1"), ns);
        Assert.True((await MayAsync("n1", "get", "persistentvolumes", "", $"pv-{ns}")).Allowed);
        Assert.True((await MayAsync("n1", "get", "secrets", "vault", "stage")).Allowed);
        Assert.False((await MayAsync("n2", "get", "persistentvolumes", "", $"pv-{ns}")).Allowed);
        Assert.False((await MayAsync("n2", "get", "secrets", "vault", "stage")).Allowed);
        Assert.True((await MayAsync("n1", "patch", "persistentvolumeclaims", ns, "claim", subresource: "status")).Allowed);
    }

    [Fact]
    public async Task A_node_has_its_own_node_lease_and_pods()
    {
        Assert.True((await MayAsync("n1", "get", "nodes", "", "n1")).Allowed);
        Assert.Equal((false, "node 'n1' cannot read 'n2', only its own Node object"), await MayAsync("n1", "get", "nodes", "", "n2"));
        Assert.Equal((false, "node 'n1' cannot read all nodes, only its own Node object"), await MayAsync("n1", "list", "nodes"));
        Assert.True((await MayAsync("n1", "list", "pods", selector: "spec.nodeName=n1")).Allowed);
        Assert.Equal((false, "can only list/watch pods with spec.nodeName field selector"), await MayAsync("n1", "list", "pods"));
        Assert.False((await MayAsync("n1", "list", "pods", selector: "spec.nodeName=n2")).Allowed);
        Assert.True((await MayAsync("n1", "update", "leases", "kube-node-lease", "n1", "coordination.k8s.io")).Allowed);
        Assert.Equal((false, "can only access node lease with the same name as the requesting node"), await MayAsync("n1", "update", "leases", "kube-node-lease", "n2", "coordination.k8s.io"));
        Assert.Equal((false, "can only access leases in the \"kube-node-lease\" system namespace"), await MayAsync("n1", "get", "leases", "default", "n1", "coordination.k8s.io"));
        Assert.True((await MayAsync("n1", "list", "services")).Allowed);
        Assert.False((await MayAsync("n1", "create", "deployments", "default", "", "apps")).Allowed);
        Assert.False((await MayAsync("n1", "delete", "nodes", "", "n1")).Allowed);
    }

    private async Task EnsureAccountAsync(string ns) => await server.Admin.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "default" } }, ns);
}
