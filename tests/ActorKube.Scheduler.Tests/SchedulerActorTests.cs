using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Tests;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.Scheduler.Tests;

public sealed class SchedulerActorTests : TestKit
{
    private readonly FakeInformers _informers = new();
    private readonly FakeApi _api = new();
    private readonly FakeEvents _events = new();
    private readonly BlockingCollection<(string Pod, V1Binding Binding)> _bound = [];

    public SchedulerActorTests()
    {
        _api.OnCreateSubresource = (ns, name, subresource, body) =>
        {
            Assert.Equal("binding", subresource);
            var binding = (V1Binding)body;
            _bound.Add((name, binding));
            _informers.Of<V1Pod>().Put(Some.Pod(name, "1").On(binding.Target.Name));
            return Task.CompletedTask;
        };
    }

    [Fact]
    public void Binds_pods_that_were_there_and_pods_that_come()
    {
        _informers.Of<V1Node>().Put(Some.Node("n1"));
        _informers.Of<V1Pod>().Put(Some.Pod("a", "1"));
        Start();

        var (pod, binding) = Bound();
        Assert.Equal(("a", "n1", "Node", "uid-a"), (pod, binding.Target.Name, binding.Target.Kind, binding.Metadata.Uid));
        Assert.Equal(("a", "Normal", "Scheduled", "Successfully assigned default/a to n1"), _events.Next());

        _informers.Of<V1Pod>().Put(Some.Pod("b", "1"));
        Assert.Equal("b", Bound().Pod);
    }

    [Fact]
    public void Waits_until_it_knows_all_nodes()
    {
        _informers.Of<V1Pod>().Put(Some.Pod("a", "1"));
        _informers.Of<V1Pod>().Sync();
        _informers.Of<V1Namespace>().Sync();
        _informers.Of<V1PodDisruptionBudget>().Sync();
        _informers.Of<V1PersistentVolumeClaim>().Sync();
        _informers.Of<V1PersistentVolume>().Sync();
        _informers.Of<V1StorageClass>().Sync();
        Sys.ActorOf(SchedulerActor.Props(new SchedulerServices(_api, _informers, _events, TimeProvider.System), new SchedulerSettings()));
        Assert.False(_bound.TryTake(out _, 200));
        Assert.Empty(_events.Events);

        _informers.Of<V1Node>().Put(Some.Node("n1"));
        _informers.Of<V1Node>().Sync();
        Assert.Equal("a", Bound().Pod);
    }

    [Fact]
    public void Says_why_a_pod_waits_and_binds_it_once_there_is_room()
    {
        _informers.Of<V1Node>().Put(Some.Node("n1", cpu: "500m"));
        Start();
        _informers.Of<V1Pod>().Put(Some.Pod("a", "1"));

        Assert.Equal(("a", "Warning", "FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."), _events.Next());
        AwaitAssert(() => Assert.Single(_api.Patches));
        var (_, _, subresource, body) = _api.Patches.Single();
        var condition = JsonNode.Parse(body)!["status"]!["conditions"]![0]!;
        Assert.Equal("status", subresource);
        Assert.Equal(("PodScheduled", "False", "Unschedulable"), ((string)condition["type"]!, (string)condition["status"]!, (string)condition["reason"]!));

        _informers.Of<V1Node>().Put(Some.Node("n2"));
        Assert.Equal("n2", Bound().Binding.Target.Name);
    }

    [Fact]
    public void Does_not_write_the_same_condition_again()
    {
        var waiting = Some.Pod("a", "1").With(p => p.Status.Conditions =
            [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling." }]);
        _informers.Of<V1Node>().Put(Some.Node("n1", cpu: "500m"));
        _informers.Of<V1Pod>().Put(waiting);
        Start();

        _events.Next();
        _informers.Of<V1Node>().Put(Some.Node("n2"));
        Bound();
        Assert.Empty(_api.Patches);
    }

    [Fact]
    public void Tries_again_after_a_failed_binding_and_gives_the_room_back_meanwhile()
    {
        var bind = _api.OnCreateSubresource;
        var refused = false;
        _api.OnCreateSubresource = (ns, name, subresource, body) =>
        {
            if (name != "a" || refused)
                return bind(ns, name, subresource, body);
            refused = true;
            return Task.FromException(ApiError.Internal("out of order"));
        };
        _informers.Of<V1Node>().Put(Some.Node("n1", cpu: "1"));
        Start();
        _informers.Of<V1Pod>().Put(Some.Pod("a", "1"));

        var failed = _events.Next();
        Assert.Equal(("a", "FailedScheduling"), (failed.Object, failed.Reason));
        Assert.StartsWith("binding rejected: ", failed.Message);
        Assert.Equal("a", Bound().Pod);
    }

    [Fact]
    public void Leaves_pods_of_other_schedulers_gated_and_deleted_ones_alone()
    {
        _informers.Of<V1Node>().Put(Some.Node("n1"));
        _informers.Of<V1Pod>().Put(Some.Pod("theirs").With(p => p.Spec.SchedulerName = "other"));
        _informers.Of<V1Pod>().Put(Some.Pod("gated").With(p => p.Spec.SchedulingGates = [new V1PodSchedulingGate { Name = "g" }]));
        _informers.Of<V1Pod>().Put(Some.Pod("leaving").With(p => p.Metadata.DeletionTimestamp = DateTime.UnixEpoch));
        _informers.Of<V1Pod>().Put(Some.Pod("ours").With(p => p.Spec.SchedulerName = "default-scheduler"));
        Start();

        Assert.Equal("ours", Bound().Pod);
        _informers.Of<V1Pod>().Put(Some.Pod("gated"));
        Assert.Equal("gated", Bound().Pod);
        Assert.Empty(_bound);
    }

    [Fact]
    public void Room_of_a_finished_or_deleted_pod_is_given_out_again()
    {
        _informers.Of<V1Node>().Put(Some.Node("n1", cpu: "2"));
        _informers.Of<V1Pod>().Put(Some.Pod("job", "1").On("n1"));
        _informers.Of<V1Pod>().Put(Some.Pod("old", "1").On("n1"));
        Start();
        _informers.Of<V1Pod>().Put(Some.Pod("a", "1"));
        _informers.Of<V1Pod>().Put(Some.Pod("b", "1"));
        _events.Next();
        _events.Next();

        _informers.Of<V1Pod>().Put(Some.Pod("job", "1").On("n1").With(p => p.Status.Phase = "Succeeded"));
        var first = Bound().Pod;
        _informers.Of<V1Pod>().Delete("default", "old");
        Assert.Equal(["a", "b"], new[] { first, Bound().Pod }.Order());
    }

    [Fact]
    public void Clears_a_node_for_a_pod_of_higher_priority_and_binds_it_there()
    {
        var deleted = new BlockingCollection<string>();
        _api.OnDelete = (ns, name, options) =>
        {
            Assert.Equal("uid-" + name, options?.Preconditions?.Uid);
            deleted.Add(name);
            _informers.Of<V1Pod>().Delete(ns, name);
            return Task.CompletedTask;
        };
        _informers.Of<V1Node>().Put(Some.Node("n1", cpu: "2"));
        _informers.Of<V1Pod>().Put(Some.Pod("low", "2").On("n1").Of(priority: 1));
        Start();
        _informers.Of<V1Pod>().Put(Some.Pod("high", "2").Of(priority: 1000));

        Assert.Equal("high", Bound().Pod);
        Assert.Equal("low", Assert.Single(deleted));
        var patches = _api.Patches.ToDictionary(p => p.Name, p => JsonNode.Parse(p.Body)!["status"]!);
        var disrupted = patches["low"]["conditions"]![0]!;
        Assert.Equal(("DisruptionTarget", "PreemptionByScheduler"), ((string)disrupted["type"]!, (string)disrupted["reason"]!));
        Assert.Equal("default-scheduler: preempting to accommodate a higher priority pod", (string)disrupted["message"]!);
        Assert.Equal("n1", (string)patches["high"]["nominatedNodeName"]!);
        AwaitAssert(() => Assert.Contains(_events.Events, e => e == ("low", "Normal", "Preempted", "Preempted by pod uid-high on node n1")), TimeSpan.FromSeconds(20));
    }

    private void Start()
    {
        Sys.ActorOf(SchedulerActor.Props(
            new SchedulerServices(_api, _informers, _events, TimeProvider.System), new SchedulerSettings { PodInitialBackoff = TimeSpan.FromMilliseconds(50) }));
        _informers.Of<V1Pod>().Sync();
        _informers.Of<V1Node>().Sync();
        _informers.Of<V1Namespace>().Sync();
        _informers.Of<V1PodDisruptionBudget>().Sync();
        _informers.Of<V1PersistentVolumeClaim>().Sync();
        _informers.Of<V1PersistentVolume>().Sync();
        _informers.Of<V1StorageClass>().Sync();
    }

    private (string Pod, V1Binding Binding) Bound() => _bound.TryTake(out var one, TimeSpan.FromSeconds(30)) ? one : throw new TimeoutException("nothing was bound");
}
