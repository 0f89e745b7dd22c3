using ActorKube.Scheduler.Plugins;
using k8s.Models;

namespace ActorKube.Scheduler.Tests.Plugins;

public sealed class VolumeBindingTests
{
    private readonly SchedulerState _state = new(new SchedulerSettings());

    public VolumeBindingTests()
    {
        _state.NodeSeen(null, Some.Node("n1"), DateTimeOffset.UnixEpoch);
        _state.NodeSeen(null, Some.Node("n2"), DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public void A_pod_waits_for_its_claims_and_goes_where_their_volumes_are()
    {
        _state.PodSeen(null, Mounting("c"), DateTimeOffset.UnixEpoch);
        Assert.StartsWith("0/2 nodes are available: persistentvolumeclaim \"c\" not found. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful", Refusal(0));

        _state.VolumeFactSeen(Claim("c", null), At(10));
        Assert.StartsWith("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.", Refusal(20));

        _state.VolumeFactSeen(Volume("pv", "n2"), At(30));
        _state.VolumeFactSeen(Claim("c", "pv"), At(31));
        Assert.Equal("n2", Assert.IsType<SchedulingResult.Fits>(_state.Decide(At(60))!.Result).Node);
    }

    [Fact]
    public void A_claim_that_waits_for_its_consumer_needs_a_node_with_a_volume_for_it()
    {
        _state.VolumeFactSeen(new V1StorageClass { Metadata = new V1ObjectMeta { Name = "local" }, Provisioner = "kubernetes.io/no-provisioner", VolumeBindingMode = "WaitForFirstConsumer" }, At(0));
        _state.VolumeFactSeen(Claim("c", null, "local"), At(0));
        _state.PodSeen(null, Mounting("c"), At(0));
        Assert.StartsWith("0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.", Refusal(0));

        var volume = Volume("pv", "n1");
        volume.Spec.StorageClassName = "local";
        _state.VolumeFactSeen(volume, At(10));
        Assert.Equal("n1", Assert.IsType<SchedulingResult.Fits>(_state.Decide(At(60))!.Result).Node);
    }

    [Fact]
    public void A_volume_that_lacks_what_the_claim_asks_for_does_not_count_and_each_claim_takes_one_of_its_own()
    {
        _state.VolumeFactSeen(new V1StorageClass { Metadata = new V1ObjectMeta { Name = "local" }, Provisioner = "kubernetes.io/no-provisioner", VolumeBindingMode = "WaitForFirstConsumer" }, At(0));
        foreach (var name in new[] { "c", "d" })
        {
            var claim = Claim(name, null, "local");
            claim.Spec.AccessModes = ["ReadWriteMany"];
            _state.VolumeFactSeen(claim, At(0));
        }

        var (wrong, right, second) = (Volume("wrong", "n1"), Volume("right", "n1"), Volume("second", "n1"));
        foreach (var volume in new[] { wrong, right, second })
            (volume.Spec.StorageClassName, volume.Spec.AccessModes) = ("local", [volume == wrong ? "ReadWriteOnce" : "ReadWriteMany"]);
        _state.VolumeFactSeen(wrong, At(0));
        _state.PodSeen(null, Mounting("c", "d"), At(0));
        Assert.StartsWith("0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.", Refusal(0));

        _state.VolumeFactSeen(right, At(10));
        Assert.StartsWith("0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.", Refusal(60));

        _state.VolumeFactSeen(second, At(70));
        Assert.Equal("n1", Assert.IsType<SchedulingResult.Fits>(_state.Decide(At(200))!.Result).Node);
    }

    [Fact]
    public void A_pod_without_claims_is_not_looked_at() => Assert.Null(new VolumeBinding().For(new PodInfo(Some.Pod("a")), Some.Cluster([])));

    private string Refusal(int second) => Assert.IsType<SchedulingResult.FitsNowhere>(_state.Decide(At(second))!.Result).Error.Message;

    private static DateTimeOffset At(int second) => DateTimeOffset.UnixEpoch.AddSeconds(second);

    private static V1Pod Mounting(params string[] claims) => Some.Pod("a").With(p => p.Spec.Volumes =
        [.. claims.Select(c => new V1Volume { Name = $"of-{c}", PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = c } })]);

    private static V1PersistentVolumeClaim Claim(string name, string? volume, string storageClass = "") => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
        Spec = new V1PersistentVolumeClaimSpec { VolumeName = volume, StorageClassName = storageClass },
        Status = new V1PersistentVolumeClaimStatus { Phase = volume is null ? "Pending" : "Bound" },
    };

    private static V1PersistentVolume Volume(string name, string node) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Spec = new V1PersistentVolumeSpec
        {
            NodeAffinity = new V1VolumeNodeAffinity
            {
                Required = new V1NodeSelector
                {
                    NodeSelectorTerms = [new V1NodeSelectorTerm { MatchExpressions = [new V1NodeSelectorRequirement { Key = "kubernetes.io/hostname", OperatorProperty = "In", Values = [node] }] }],
                },
            },
        },
        Status = new V1PersistentVolumeStatus { Phase = "Available" },
    };
}
