using ActorKube.Client.Events;
using ActorKube.Client.Tests.Fakes;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.Client.Tests.Events;

public class EventRecorderTests() : TestKit("""
    akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
    akka.test { default-timeout = 20s, single-expect-default = 20s }
    """)
{
    private readonly FakeApi _api = new();
    private readonly ManualTime _time = new();

    private readonly V1Pod _pod = new() { ApiVersion = "v1", Kind = "Pod", Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "shop", Uid = "u1" } };

    [Fact]
    public void Writes_an_event_that_kubectl_describe_can_find()
    {
        Recorder().Record(_pod, "Warning", "Unhealthy", "Readiness probe failed", "spec.containers{web}");

        AwaitCondition(() => _api.All<Corev1Event>().Count == 1);
        var e = _api.All<Corev1Event>()[0];
        Assert.Equal("shop", e.Metadata.NamespaceProperty);
        Assert.StartsWith("web.", e.Metadata.Name);
        Assert.Equal(("Pod", "web", "u1", "spec.containers{web}"), (e.InvolvedObject.Kind, e.InvolvedObject.Name, e.InvolvedObject.Uid, e.InvolvedObject.FieldPath));
        Assert.Equal(("kubelet", "n1", 1), (e.Source.Component, e.Source.Host, e.Count));
    }

    [Fact]
    public void A_part_of_a_component_reports_under_its_own_name()
    {
        Recorder().As("deployment-controller").Record(_pod, "Normal", "ScalingReplicaSet", "Scaled up");

        AwaitCondition(() => _api.All<Corev1Event>().Count == 1);
        var e = _api.All<Corev1Event>()[0];
        Assert.Equal(("deployment-controller", "deployment-controller", "n1"), (e.Source.Component, e.ReportingComponent, e.Source.Host));
    }

    [Fact]
    public void Counts_what_happens_again()
    {
        var recorder = Recorder();
        recorder.Record(_pod, "Warning", "BackOff", "Back-off restarting");
        _time.Advance(TimeSpan.FromSeconds(10));
        recorder.Record(_pod, "Warning", "BackOff", "Back-off restarting");

        AwaitCondition(() => _api.All<Corev1Event>() is [{ Count: 2 }]);
        var e = _api.All<Corev1Event>()[0];
        Assert.Equal(TimeSpan.FromSeconds(10), e.LastTimestamp - e.FirstTimestamp);
    }

    [Fact]
    public void An_event_that_expired_starts_anew_with_its_count()
    {
        var recorder = Recorder();
        recorder.Record(_pod, "Normal", "Pulled", "image");
        AwaitCondition(() => _api.All<Corev1Event>().Count == 1);
        _api.Purge<Corev1Event>(_api.All<Corev1Event>()[0].Metadata.Name, "shop");

        recorder.Record(_pod, "Normal", "Pulled", "image");

        AwaitCondition(() => _api.All<Corev1Event>() is [{ Count: 2 }]);
    }

    [Fact]
    public void Waits_for_a_server_that_cannot_be_reached()
    {
        _api.FailNext(2);
        Recorder().Record(_pod, "Normal", "Started", "started");

        AwaitCondition(() =>
        {
            ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromSeconds(10));
            return _api.All<Corev1Event>().Count == 1;
        }, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(10));
        Assert.Equal(3, _api.Requests.Count);
    }

    [Fact]
    public void About_a_cluster_scoped_object_it_writes_into_the_default_namespace()
    {
        Recorder().Record(new V1Node { Metadata = new V1ObjectMeta { Name = "n1" } }, "Normal", "NodeReady", "ready");

        AwaitCondition(() => _api.All<Corev1Event>().Count == 1);
        Assert.Equal(("default", "Node"), (_api.All<Corev1Event>()[0].Metadata.NamespaceProperty, _api.All<Corev1Event>()[0].InvolvedObject.Kind));
    }

    private EventRecorder Recorder() => new(Sys, _api.Client, "kubelet", "n1", _time);
}
