using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client.Informers;
using ActorKube.Client.Protocol;
using ActorKube.Client.Tests.Fakes;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Tests.Fakes;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests;

/// <summary>All controllers at once over an API server in memory, with the test as kubelet and scheduler.</summary>
public class ControllerManagerTests : TestKit
{
    private readonly FakeApi _api = new() { PodsEndGracefully = true };
    private readonly ManualTime _time = new();
    private readonly HeardEvents _events = new();

    public ControllerManagerTests() : base("""
    akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
    akka.test { default-timeout = 20s, single-expect-default = 20s }
    """)
    {
        _api.Now = () => _time.GetUtcNow().UtcDateTime;
        _api.Admission = RefuseWhereNamespaceEnds;
        _api.Add(new V1Namespace { Metadata = new V1ObjectMeta { Name = "default" }, Spec = new V1NamespaceSpec { Finalizers = ["kubernetes"] } });
        Sys.ActorOf(
            ControllerManagerActor.Props(
                new ControllerManagerServices(_api.Client, new InformerFactory(Sys, _api.Client), _events, _time, "the root"),
                ControllerManagerSettings.From(ConfigurationFactory.Empty)),
            "controller-manager");
    }

    [Fact]
    public void The_accounts_of_the_controllers_are_in_kube_system_and_come_back()
    {
        _api.Add(new V1Namespace { Metadata = new V1ObjectMeta { Name = "kube-system" }, Spec = new V1NamespaceSpec { Finalizers = ["kubernetes"] } });
        Until(() => _api.Find<V1ServiceAccount>("generic-garbage-collector", "kube-system") is not null && _api.Find<V1ServiceAccount>("deployment-controller", "kube-system") is not null);

        _api.Purge<V1ServiceAccount>("deployment-controller", "kube-system");
        Until(() => _api.Find<V1ServiceAccount>("deployment-controller", "kube-system") is not null);
    }

    [Fact]
    public void A_Deployment_gets_its_pods_and_its_Service_its_endpoints()
    {
        _api.Add(Deployment(3));
        _api.Add(Bare(Some.Service("web", ("", 80, "8080"))));

        Until(() => _api.Find<V1Deployment>("web")?.Status?.AvailableReplicas == 3);
        Until(() => _api.All<V1EndpointSlice>() is [{ Endpoints.Count: 3 } slice] && slice.Endpoints.All(e => e.Conditions.Ready == true));
        Until(() => _api.All<V1Endpoints>() is [{ Subsets: [{ Addresses.Count: 3 }] }]);
        Assert.Equal("NewReplicaSetAvailable", _api.Find<V1Deployment>("web")!.Status.Conditions.Single(c => c.Type == "Progressing").Reason);
    }

    [Fact]
    public async Task A_deleted_pod_is_replaced_and_a_deleted_Deployment_leaves_nothing_behind()
    {
        _api.Add(Deployment(2));
        Until(() => _api.Find<V1Deployment>("web")?.Status?.AvailableReplicas == 2);
        var victim = _api.All<V1Pod>()[0].Metadata;

        await _api.Client.For<V1Pod>().DeleteAsync("default", victim.Name);
        Until(() => _api.All<V1Pod>().All(p => p.Metadata.Uid != victim.Uid) && _api.Find<V1Deployment>("web")!.Status.AvailableReplicas == 2);

        await _api.Client.For<V1Deployment>().DeleteAsync("default", "web");
        Until(() => _api.All<V1ReplicaSet>().Count == 0 && _api.All<V1Pod>().Count == 0);
    }

    [Fact]
    public async Task Deleted_in_the_foreground_a_Deployment_goes_last_and_orphaned_pods_stay()
    {
        _api.Add(Deployment(2));
        Until(() => _api.Find<V1Deployment>("web")?.Status?.AvailableReplicas == 2);
        await _api.Client.For<V1ReplicaSet>().DeleteAsync("default", _api.All<V1ReplicaSet>()[0].Metadata.Name, new V1DeleteOptions { PropagationPolicy = "Orphan" });
        // The Deployment makes its ReplicaSet anew, and that adopts the pods.
        Until(() => _api.All<V1ReplicaSet>() is [{ Metadata.DeletionTimestamp: null } set] && _api.All<V1Pod>().Count == 2 && _api.All<V1Pod>().All(p => Ownership.IsControlledBy(p, set)));

        await _api.Client.For<V1Deployment>().DeleteAsync("default", "web", new V1DeleteOptions { PropagationPolicy = "Foreground" });
        Assert.NotNull(_api.Find<V1Deployment>("web"));
        Until(() => _api.Find<V1Deployment>("web") is null);
        Assert.Empty(_api.All<V1Pod>());
    }

    [Fact]
    public async Task Every_namespace_gets_its_account_and_the_root_and_a_deleted_one_is_emptied()
    {
        _api.Add(new V1Namespace { Metadata = new V1ObjectMeta { Name = "shop" }, Spec = new V1NamespaceSpec { Finalizers = ["kubernetes"] } });
        Until(() => _api.Find<V1ServiceAccount>("default", "shop") is not null && _api.Find<V1ConfigMap>("kube-root-ca.crt", "shop")?.Data["ca.crt"] == "the root");
        var deployment = Deployment(2);
        deployment.Metadata.NamespaceProperty = "shop";
        _api.Add(deployment);
        Until(() => _api.All<V1Pod>().Count(PodFacts.IsReady) == 2);

        await _api.Client.For<V1Namespace>().DeleteAsync(null, "shop");

        Until(() => _api.Find<V1Namespace>("shop") is null);
        Assert.Empty(_api.All<V1Pod>());
        Assert.Empty(_api.All<V1Deployment>());
        Assert.Null(_api.Find<V1ConfigMap>("kube-root-ca.crt", "shop"));
        Assert.NotNull(_api.Find<V1ServiceAccount>("default"));
    }

    [Fact]
    public void The_pods_of_a_killed_node_run_again_on_the_other_within_fifteen_seconds()
    {
        _api.Add(Node("n1"));
        _api.Add(Node("n2"));
        var deployment = Deployment(2);
        deployment.Spec.Template.Spec.Tolerations =
        [
            new V1Toleration { Key = "node.kubernetes.io/unreachable", OperatorProperty = "Exists", Effect = "NoExecute", TolerationSeconds = 5 },
            new V1Toleration { Key = "node.kubernetes.io/not-ready", OperatorProperty = "Exists", Effect = "NoExecute", TolerationSeconds = 5 },
        ];
        _api.Add(deployment);
        _places = ["n1", "n2"];
        Until(() => _api.Find<V1Deployment>("web")?.Status?.AvailableReplicas == 2);
        Until(() => _api.Find<V1Node>("n2")!.Spec.PodCIDRs is { Count: 2 });
        // The controllers have heard of both nodes themselves; else they would give them time to find this control plane.
        var renewed = _renewed;
        Until(() => _renewed > renewed);
        var killed = _time.GetUtcNow();

        _places = ["n1"];
        Until(() => _api.All<V1Pod>().Count(p => PodFacts.IsActive(p) && PodFacts.IsReady(p) && p.Spec.NodeName == "n1") == 2);

        // The last renewal was up to two seconds before the end: 6 to 8 s of silence, 5 s of tolerance.
        Assert.InRange(_time.GetUtcNow() - killed, TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(15));
        Assert.Contains(_api.Find<V1Node>("n2")!.Spec.Taints, t => t is { Key: "node.kubernetes.io/unreachable", Effect: "NoExecute" });
        Assert.DoesNotContain(_api.Find<V1Node>("n1")!.Spec.Taints ?? [], t => t.Effect == "NoExecute");
    }

    private void RefuseWhereNamespaceEnds(ApiRequest request)
    {
        if (request.Verb != "create" || request.Namespace is "" or "kube-node-lease")
            return;
        var ns = _api.Find<V1Namespace>(request.Namespace) ?? throw ApiError.NotFound(KindRegistry.BuiltIn.Of<V1Namespace>(), request.Namespace);
        if (ns.Metadata.DeletionTimestamp is null)
            return;
        var refused = ApiError.Status(403, "Forbidden", $"namespace {request.Namespace} is being terminated");
        refused.Details = new V1StatusDetails { Causes = [new V1StatusCause { Reason = "NamespaceTerminating", Field = "metadata.namespace" }] };
        throw ApiError.From(refused);
    }

    private string[] _places = ["n1"];
    private DateTimeOffset _renewed;
    private int _addresses;

    // A tenth of a second of virtual time, in which the living kubelets do their work.
    private void Tick()
    {
        _time.Advance(TimeSpan.FromMilliseconds(100));
        ((TestScheduler)Sys.Scheduler).Advance(TimeSpan.FromMilliseconds(100));
        if (_time.GetUtcNow() - _renewed >= TimeSpan.FromSeconds(2))
        {
            _renewed = _time.GetUtcNow();
            foreach (var node in _places.Where(n => _api.Find<V1Node>(n) is not null))
                Renew(node);
        }

        foreach (var pod in _api.All<V1Pod>())
        {
            var name = pod.Metadata.Name;
            var ns = pod.Metadata.NamespaceProperty;
            if (pod.Spec.NodeName is null)
                _api.Change<V1Pod>(name, p => p.On(_places.MinBy(n => _api.All<V1Pod>().Count(o => o.Spec.NodeName == n))!), ns);
            else if (!_places.Contains(pod.Spec.NodeName))
                continue;
            else if (pod.Metadata.DeletionTimestamp is not null)
                _api.Purge<V1Pod>(name, ns);
            else if (!PodFacts.IsReady(pod))
                _api.Change<V1Pod>(name, Run, ns);
        }
    }

    private void Run(V1Pod pod)
    {
        pod.Status ??= new V1PodStatus();
        pod.At($"10.0.0.{++_addresses}").Ready(_time.GetUtcNow());
    }

    private void Renew(string node)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        if (_api.Find<V1Lease>(node, "kube-node-lease") is null)
            _api.Add(new V1Lease { Metadata = new V1ObjectMeta { Name = node, NamespaceProperty = "kube-node-lease" }, Spec = new V1LeaseSpec { LeaseDurationSeconds = 8, RenewTime = now } });
        else
            _api.Change<V1Lease>(node, l => l.Spec.RenewTime = now, "kube-node-lease");
    }

    private void Until(Func<bool> condition) => AwaitCondition(() =>
    {
        if (condition())
            return true;
        Tick();
        return condition();
    }, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(10));

    private V1Node Node(string name)
    {
        var node = Some.Node(name, heartbeat: _time.GetUtcNow());
        node.Metadata = new V1ObjectMeta { Name = name };
        return node;
    }

    private static V1Deployment Deployment(int replicas)
    {
        var deployment = Some.Deployment("web", replicas);
        deployment.Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "default" };
        return deployment;
    }

    private static V1Service Bare(V1Service service)
    {
        service.Metadata = new V1ObjectMeta { Name = service.Metadata.Name, NamespaceProperty = "default" };
        return service;
    }
}
