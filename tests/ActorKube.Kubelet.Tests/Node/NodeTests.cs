using ActorKube.Api.Machinery;
using ActorKube.Kubelet.Node;
using ActorKube.Kubelet.Tests.Fakes;
using Akka.Actor;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Node;

public sealed class NodeTests : KubeletFixture
{
    private static readonly MachineInfo Info = new()
    {
        Architecture = "amd64", OperatingSystem = "linux", OsImage = "Debian GNU/Linux 12 (bookworm)", KernelVersion = "6.1.0", MachineId = "m", SystemUuid = "u", BootId = "b",
        Cpus = 4, MemoryBytes = 8L << 30, SwapBytes = 0,
    };

    private readonly FakeMachine _machine = new();

    private V1Node? TheNode => Api.Resource<V1Node>().Find("n1", "");

    private V1Lease? TheLease => Api.Resource<V1Lease>().Find("n1", "kube-node-lease");

    [Fact]
    public void The_node_registers_with_labels_addresses_capacity_and_conditions()
    {
        Settings = Settings with { RegisterWithTaints = ["dedicated=db:NoSchedule"], Reserved = Settings.Reserved.Add("cpu", new ResourceQuantity("500m")) };
        Start();
        Eventually(() => Ready() == "True");
        var node = TheNode!;
        Assert.Equal(("n1", "amd64", "linux"), (node.Metadata.Labels["kubernetes.io/hostname"], node.Metadata.Labels["kubernetes.io/arch"], node.Metadata.Labels["kubernetes.io/os"]));
        Assert.Equal([("InternalIP", "192.0.2.1"), ("Hostname", "n1")], node.Status.Addresses.Select(a => (a.Type, a.Address)));
        Assert.Equal(("4", "8Gi", "110"), (node.Status.Capacity["cpu"].ToString(), node.Status.Capacity["memory"].ToString(), node.Status.Capacity["pods"].ToString()));
        Assert.Equal("3500m", node.Status.Allocatable["cpu"].ToString());
        Assert.Equal(10250, node.Status.DaemonEndpoints.KubeletEndpoint.Port);
        Assert.Equal(("fake://1.2.3", "v1.36.0"), (node.Status.NodeInfo.ContainerRuntimeVersion, node.Status.NodeInfo.KubeletVersion));
        Assert.Equal(("dedicated", "db", "NoSchedule"), (node.Spec.Taints[0].Key, node.Spec.Taints[0].Value, node.Spec.Taints[0].Effect));
        Assert.Equal(
            [("MemoryPressure", "False", "KubeletHasSufficientMemory"), ("DiskPressure", "False", "KubeletHasNoDiskPressure"), ("PIDPressure", "False", "KubeletHasSufficientPID"), ("Ready", "True", "KubeletReady")],
            node.Status.Conditions.Select(c => (c.Type, c.Status, c.Reason)));
        Eventually(() => Events.Reasons.Contains("NodeReady"));
        Assert.Contains(Events.All, e => e is { Reason: "NodeHasNoDiskPressure", Message: "Node n1 status is now: NodeHasNoDiskPressure" });
    }

    [Fact]
    public void The_lease_is_made_and_renewed()
    {
        Start();
        Pass(TimeSpan.FromMinutes(1), () => TheLease is not null);
        Assert.Equal(("n1", 8, "uid-n1"), (TheLease!.Spec.HolderIdentity, TheLease.Spec.LeaseDurationSeconds, TheLease.Metadata.OwnerReferences[0].Uid));
        var before = TheLease.Spec.RenewTime;
        Pass(TimeSpan.FromMinutes(1), () => TheLease!.Spec.RenewTime > before);
    }

    [Fact]
    public void A_lease_that_another_touched_is_renewed_all_the_same()
    {
        Start();
        Pass(TimeSpan.FromMinutes(1), () => TheLease is not null);
        Api.Resource<V1Lease>().Put(TheLease!);
        var before = TheLease!.Spec.RenewTime;
        Pass(TimeSpan.FromMinutes(1), () => TheLease!.Spec.RenewTime > before);
        Api.Resource<V1Lease>().Remove("n1", "kube-node-lease");
        Pass(TimeSpan.FromMinutes(1), () => TheLease is not null);
    }

    [Fact]
    public void A_runtime_without_network_makes_the_node_not_ready_until_it_has_its_ranges()
    {
        Runtime.NetworkReady = false;
        Start();
        Eventually(() => Ready() == "False");
        Assert.Equal("container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:no ranges yet", TheNode!.Status.Conditions.Single(c => c.Type == "Ready").Message);
        Api.Resource<V1Node>().Put(TheNode! with { Spec = new V1NodeSpec { PodCIDR = "10.1.0.0/24", PodCIDRs = ["10.1.0.0/24", "fd00::/64"] } });
        Eventually(() => Ready() == "True");
        Assert.Equal("10.1.0.0/24,fd00::/64", Runtime.PodCidr);
    }

    [Fact]
    public void A_restarted_kubelet_is_ready_at_once()
    {
        Api.Resource<V1Node>().Put(new V1Node { Metadata = new V1ObjectMeta { Name = "n1" }, Spec = new V1NodeSpec { PodCIDR = "10.1.0.0/24" } });
        Runtime.NetworkReady = false;
        var statuses = new List<string?>();
        using var listening = Api.Resource<V1Node>().Listen((_, _, node) => statuses.Add(node.Status?.Conditions?.Single(c => c.Type == "Ready").Status));
        Start();
        Eventually(() => Ready() == "True");
        Assert.DoesNotContain("False", statuses);
    }

    [Fact]
    public void A_runtime_that_refuses_the_pod_ranges_is_asked_again_and_the_node_says_why()
    {
        Api.Resource<V1Node>().Put(new V1Node { Metadata = new V1ObjectMeta { Name = "n1" }, Spec = new V1NodeSpec { PodCIDR = "10.1.0.0/24" } });
        Runtime.Failures["ranges"] = new ActorKube.ContainerRuntime.ContainerRuntimeException("bridge taken");
        var messages = new List<string?>();
        using var listening = Api.Resource<V1Node>().Listen((_, _, node) => messages.Add(node.Status?.Conditions?.Single(c => c.Type == "Ready").Message));
        Start();
        Pass(TimeSpan.FromMinutes(1), () => Ready() == "True");
        Assert.Contains(messages, m => m?.Contains("bridge taken", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void Pressure_shows_as_condition()
    {
        Start();
        Eventually(() => Ready() == "True");
        _machine.Now = new MachineUse(50 << 20, 1000, 50, 0, 0);
        Pass(TimeSpan.FromMinutes(1), () => TheNode!.Status.Conditions.Count(c => c is { Type: "MemoryPressure" or "DiskPressure", Status: "True" }) == 2);
        Assert.Equal("True", Ready());
    }

    [Fact]
    public void An_unchanged_status_is_written_only_now_and_then()
    {
        Start();
        Eventually(() => Ready() == "True");
        Pass(TimeSpan.FromMinutes(1));
        Eventually(() => true);
        var writes = Api.Resource<V1Node>().Writes.Count(w => w.StartsWith("status", StringComparison.Ordinal));
        for (var n = 0; n < 20; n++)
            Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(writes, Api.Resource<V1Node>().Writes.Count(w => w.StartsWith("status", StringComparison.Ordinal)));
        Pass(TimeSpan.FromMinutes(10), () => Api.Resource<V1Node>().Writes.Count(w => w.StartsWith("status", StringComparison.Ordinal)) > writes);
    }

    [Fact]
    public void A_deleted_node_registers_anew_and_an_existing_one_keeps_what_others_set()
    {
        Start();
        Eventually(() => Ready() == "True");
        Api.Resource<V1Node>().Remove("n1", "");
        Pass(TimeSpan.FromMinutes(1), () => TheNode is not null && Ready() == "True");
        var taken = ApiJson.Copy(TheNode!);
        taken.Metadata.Labels = new Dictionary<string, string> { ["mine"] = "kept" };
        taken.Spec.Unschedulable = true;
        taken.Status.Conditions = [.. taken.Status.Conditions, new V1NodeCondition { Type = "NetworkUnavailable", Status = "False" }];
        taken.Status.Capacity["example.com/dongle"] = new("4");
        Api.Resource<V1Node>().Put(taken);
        Pass(TimeSpan.FromMinutes(1), () => TheNode!.Metadata.Labels.ContainsKey("kubernetes.io/os"));
        Assert.Equal("kept", TheNode!.Metadata.Labels["mine"]);
        Assert.True(TheNode.Spec.Unschedulable);
        Assert.Contains(TheNode.Status.Conditions, c => c.Type == "NetworkUnavailable");

        // What somebody else advertises is there for pods.
        Pass(TimeSpan.FromMinutes(1), () => TheNode!.Status.Allocatable.TryGetValue("example.com/dongle", out var dongles) && dongles.ToString() == "4");
        Assert.Equal("4", TheNode.Status.Capacity["example.com/dongle"].ToString());
    }

    [Fact]
    public void The_machine_itself_can_be_read()
    {
        var machine = new Machine(_directory.Path);
        Assert.True(machine.Info.MemoryBytes > 0 && machine.Info.Cpus > 0 && machine.Info.KernelVersion.Length > 0);
        Assert.True(machine.Use().DiskTotalBytes > 0);
        Assert.NotEmpty(machine.Addresses());
    }

    private string? Ready() => TheNode?.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready")?.Status;

    private void Start()
    {
        var builder = new NodeStatusBuilder(Settings, "fake", ["192.0.2.1"], Info);
        var sync = new NodeSync(builder, _machine, Runtime, Api.For<V1Node>(), 10250, Time);
        var informer = Api.Informer<V1Node>(null, null, null);
        Sys.ActorOf(Props.Create(() => new NodeActor(Settings, Api, informer, Events, sync, Time)));
    }

    private sealed class FakeMachine : IMachine
    {
        public MachineUse Now { get; set; } = new(4L << 30, 1000, 500, 32768, 100);

        public MachineInfo Info => NodeTests.Info;

        public MachineUse Use() => Now;

        public IReadOnlyList<string> Addresses() => ["192.0.2.1"];
    }
}
