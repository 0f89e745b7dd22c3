using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Pods;

public class PodAdmissionTests
{
    private static readonly Dictionary<string, ResourceQuantity> Node = new() { ["cpu"] = new("2"), ["pods"] = new("3") };

    [Fact]
    public void Requests_of_all_pods_must_fit()
    {
        Assert.Null(PodAdmission.Check(Asking("1"), [Asking("1")], Node));
        Assert.Equal(new Rejection("OutOfcpu", "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000"), PodAdmission.Check(Asking("1500m"), [Asking("1")], Node));
        var finished = Asking("1");
        finished.Status.Phase = "Succeeded";
        Assert.Null(PodAdmission.Check(Asking("1500m"), [finished], Node));
    }

    [Fact]
    public void There_is_a_most_of_pods() =>
        Assert.Equal("OutOfpods", PodAdmission.Check(Some.Pod(), [Some.Pod("a"), Some.Pod("b"), Some.Pod("c")], Node)!.Reason);

    [Fact]
    public void Host_ports_may_be_taken_once_for_each_address_and_protocol()
    {
        Assert.Equal("NodePorts", PodAdmission.Check(Listening(80, null, "TCP"), [Listening(80, "192.0.2.1", "TCP")], Node)!.Reason);
        Assert.Null(PodAdmission.Check(Listening(80, "192.0.2.2", "TCP"), [Listening(80, "192.0.2.1", "TCP")], Node));
        Assert.Null(PodAdmission.Check(Listening(80, null, "UDP"), [Listening(80, null, "TCP")], Node));
    }

    [Fact]
    public void Only_safe_kernel_parameters_may_be_set_and_those_the_node_allows()
    {
        Assert.Null(SysctlRules.Check(Setting("kernel.shm_rmid_forced"), []));
        Assert.Equal(new Rejection("SysctlForbidden", "forbidden sysctl: \"kernel.msgmax\" not allowlisted"), SysctlRules.Check(Setting("kernel.msgmax"), ["net.*"]));
        Assert.Null(SysctlRules.Check(Setting("kernel.msgmax"), ["kernel.msg*"]));
        Assert.Null(SysctlRules.Check(Setting("net/ipv4/tcp_syncookies"), []));
        Assert.Equal("forbidden sysctl: \"net.ipv4.tcp_syncookies\" not allowed with host net enabled", SysctlRules.Check(Setting("net.ipv4.tcp_syncookies").With(s => s.HostNetwork = true), [])!.Message);

        static V1Pod Setting(string name) => Some.Pod().With(s => s.SecurityContext = new V1PodSecurityContext { Sysctls = [new V1Sysctl { Name = name, Value = "1" }] });
    }

    [Fact]
    public void Init_containers_count_where_they_ask_for_more()
    {
        var pod = Some.Pod("p", Container("1"), Container("2")).WithInit(Sidecar("500m"), Container("4"));
        Assert.Equal(4.5m, PodAdmission.Request(pod, "cpu"));
        Assert.Equal(3.5m, PodAdmission.Request(pod.WithInit(Sidecar("500m"), Container("1")), "cpu"));
    }

    private static V1Pod Asking(string cpu) => Some.Pod("p", Container(cpu));

    private static V1Container Container(string cpu) =>
        new() { Name = "c" + cpu, Image = "i", Resources = new V1ResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu) } } };

    private static V1Container Sidecar(string cpu) => Container(cpu) with { RestartPolicy = "Always" };

    private static V1Pod Listening(int port, string? ip, string protocol)
    {
        var container = Some.Container();
        container.Ports = [new V1ContainerPort { ContainerPort = port, HostPort = port, HostIP = ip, Protocol = protocol }];
        return Some.Pod("p", container);
    }
}
