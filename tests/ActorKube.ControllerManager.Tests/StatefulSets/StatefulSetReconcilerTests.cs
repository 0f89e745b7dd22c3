using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.StatefulSets;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.StatefulSets;

public sealed class StatefulSetReconcilerTests
{
    private readonly World _world = new();
    private V1StatefulSet _set = Set(3);

    private static V1StatefulSet Set(int replicas, string policy = "OrderedReady", int partition = 0) => new()
    {
        Metadata = Some.Meta("web", generation: 1),
        Spec = new V1StatefulSetSpec
        {
            Replicas = replicas,
            ServiceName = "web",
            PodManagementPolicy = policy,
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "web" } },
            Template = Some.Template("web"),
            UpdateStrategy = new V1StatefulSetUpdateStrategy { Type = "RollingUpdate", RollingUpdate = new V1RollingUpdateStatefulSetStrategy { Partition = partition } },
        },
    };

    private void Step()
    {
        var plan = StatefulSetReconciler.Reconcile(_set, _world.Pods, _world.Revisions, c => _world.Claims.Any(k => k.Metadata.Name == c), _world.Context);
        if (_world.Apply(plan) is V1StatefulSet changed)
            _set.Status = changed.Status;
    }

    // Until nothing happens any more: pods become ready, deleted ones go.
    private void Settle()
    {
        for (var i = 0; i < 60; i++)
        {
            Step();
            _world.Reap();
            _world.MakeReady(_world.Pods);
        }
    }

    private string Image(string pod) => _world.Pod(pod).Spec.Containers[0].Image;

    private void SetImage(string image)
    {
        _set = ApiJson.Copy(_set);
        _set.Spec.Template.Spec.Containers[0].Image = image;
        _set.Metadata.Generation++;
    }

    [Fact]
    public void Pods_start_in_order_each_when_the_one_before_it_serves()
    {
        Step();
        Step();
        Assert.Equal(["web-0"], _world.Alive);
        _world.MakeReady(_world.Pod("web-0"));
        Step();
        Assert.Equal(["web-0", "web-1"], _world.Alive);
        Settle();
        Assert.Equal(["web-0", "web-1", "web-2"], _world.Alive);
        Assert.Equal((3, 3, 3, 3), (_set.Status.Replicas, _set.Status.ReadyReplicas, _set.Status.CurrentReplicas, _set.Status.UpdatedReplicas));
        Assert.Contains("SuccessfulCreate: create Pod web-0 in StatefulSet web successful", _world.Told);
    }

    [Fact]
    public void Parallel_pods_start_at_once()
    {
        _set = Set(3, "Parallel");
        Step();
        Assert.Equal(["web-0", "web-1", "web-2"], _world.Alive);
    }

    [Fact]
    public void A_pod_has_its_name_its_host_and_claims_of_its_own()
    {
        _set.Spec.VolumeClaimTemplates = [new V1PersistentVolumeClaim { Metadata = new V1ObjectMeta { Name = "data" }, Spec = new V1PersistentVolumeClaimSpec { AccessModes = ["ReadWriteOnce"] } }];
        Settle();
        var pod = _world.Pod("web-1");
        Assert.Equal(("web-1", "web"), (pod.Spec.Hostname, pod.Spec.Subdomain));
        Assert.Equal(("web-1", "1", "data-web-1"), (pod.Metadata.Labels["statefulset.kubernetes.io/pod-name"], pod.Metadata.Labels["apps.kubernetes.io/pod-index"], pod.Spec.Volumes.Single().PersistentVolumeClaim.ClaimName));
        Assert.Equal(["data-web-0", "data-web-1", "data-web-2"], _world.Claims.Select(c => c.Metadata.Name).Order(StringComparer.Ordinal));
        Assert.All(_world.Claims, c => Assert.Equal("web", c.Metadata.Labels["app"]));
    }

    [Fact]
    public void Ordinals_may_start_elsewhere()
    {
        _set.Spec.Ordinals = new V1StatefulSetOrdinals { Start = 5 };
        Settle();
        Assert.Equal(["web-5", "web-6", "web-7"], _world.Alive);
    }

    [Fact]
    public void Fewer_replicas_end_the_highest_first_and_one_at_a_time()
    {
        Settle();
        _set.Spec.Replicas = 1;
        Step();
        Step();
        Assert.Equal(["web-0", "web-1"], _world.Alive);
        _world.Reap();
        Step();
        Assert.Equal(["web-0"], _world.Alive);
    }

    [Fact]
    public void While_a_pod_does_not_serve_none_but_it_is_ended()
    {
        Settle();
        _world.Pod("web-0").Status.Conditions[0].Status = "False";
        _set.Spec.Replicas = 0;
        Step();
        Assert.Equal(["web-0", "web-1"], _world.Alive);
        _world.Reap();
        _world.Pod("web-1").Status.Conditions[0].Status = "False";
        Step();
        Assert.Equal(["web-0", "web-1"], _world.Alive);
    }

    [Fact]
    public void A_new_template_goes_from_the_highest_ordinal_down_and_waits_for_each()
    {
        Settle();
        var before = _set.Status.CurrentRevision;
        SetImage("v2");
        Step();
        Assert.Equal(["web-0", "web-1"], _world.Alive);
        _world.Reap();
        Step();
        Step();
        Assert.Equal(("v1", "v1", "v2"), (Image("web-0"), Image("web-1"), Image("web-2")));
        Assert.Equal((before, 2, 1), (_set.Status.CurrentRevision, _set.Status.CurrentReplicas, _set.Status.UpdatedReplicas));
        Settle();
        Assert.All(_world.Pods, p => Assert.Equal("v2", p.Spec.Containers[0].Image));
        Assert.Equal(_set.Status.UpdateRevision, _set.Status.CurrentRevision);
        Assert.NotEqual(before, _set.Status.CurrentRevision);
        Assert.Equal([1, 2], _world.Revisions.Select(r => r.Revision!.Value).Order());
    }

    [Fact]
    public void Below_the_partition_pods_keep_their_template_even_when_made_anew()
    {
        Settle();
        _set.Spec.UpdateStrategy.RollingUpdate.Partition = 2;
        SetImage("v2");
        Settle();
        Assert.Equal(("v1", "v1", "v2"), (Image("web-0"), Image("web-1"), Image("web-2")));
        _world.Pods.Remove(_world.Pod("web-1"));
        _world.Pods.Remove(_world.Pod("web-2"));
        Settle();
        Assert.Equal(("v1", "v1", "v2"), (Image("web-0"), Image("web-1"), Image("web-2")));
    }

    [Fact]
    public void On_delete_only_a_deleted_pod_is_of_the_new_template()
    {
        _set.Spec.UpdateStrategy.Type = "OnDelete";
        Settle();
        SetImage("v2");
        Settle();
        Assert.Equal("v1", Image("web-1"));
        _world.Pods.Remove(_world.Pod("web-1"));
        Settle();
        Assert.Equal(("v1", "v2", "v1"), (Image("web-0"), Image("web-1"), Image("web-2")));
    }

    [Fact]
    public void Going_back_to_a_template_renumbers_its_revision()
    {
        Settle();
        var first = _set.Status.CurrentRevision;
        SetImage("v2");
        Settle();
        SetImage("v1");
        Settle();
        Assert.Equal(first, _set.Status.CurrentRevision);
        Assert.Equal(3, _world.Revisions.Single(r => r.Metadata.Name == first).Revision);
        Assert.Equal(2, _world.Revisions.Count);
    }

    [Fact]
    public void A_failed_pod_is_made_anew()
    {
        Settle();
        _world.Pod("web-1").Status.Phase = "Failed";
        Step();
        Assert.Equal(["web-0", "web-2"], _world.Alive);
        Assert.Contains("RecreatingFailedPod: StatefulSet default/web is recreating failed Pod web-1", _world.Told);
    }

    [Fact]
    public void A_pod_counts_once_it_has_been_ready_long_enough()
    {
        _set.Spec.MinReadySeconds = 10;
        Step();
        _world.MakeReady(_world.Pod("web-0"));
        Step();
        Assert.Equal(["web-0"], _world.Alive);
        _world.Pass(TimeSpan.FromSeconds(10));
        Step();
        Assert.Equal(["web-0", "web-1"], _world.Alive);
    }

    [Fact]
    public void Whatever_happens_to_pods_it_ends_with_the_wanted_ones() =>
        Gen.Select(Gen.Int[0, 5], Gen.Bool, Gen.Int[0, 3], Gen.Int[0, 1000].Array[0, 30]).Sample((replicas, parallel, partition, faults) =>
        {
            var test = new StatefulSetReconcilerTests { _set = Set(replicas, parallel ? "Parallel" : "OrderedReady", partition) };
            foreach (var fault in faults)
            {
                test.Step();
                if (test._world.Pods.Count > 0)
                {
                    var pod = test._world.Pods[fault % test._world.Pods.Count];
                    switch (fault % 5)
                    {
                        case 0: test._world.MakeReady(pod); break;
                        case 1: pod.Status.Phase = "Failed"; break;
                        case 2: test._world.Reap(); break;
                        case 3: test._world.Pods.Remove(pod); break;
                        default: test.SetImage($"v{fault}"); break;
                    }
                }
            }

            test.SetImage("last");
            test.Settle();
            Assert.Equal(Enumerable.Range(0, replicas).Select(i => $"web-{i}"), test._world.Alive);
            Assert.All(test._world.Pods.Where(p => int.Parse(p.Metadata.Name[4..], System.Globalization.CultureInfo.InvariantCulture) >= partition), p => Assert.Equal("last", p.Spec.Containers[0].Image));
        }, iter: 200);
}
