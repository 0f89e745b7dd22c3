using ActorKube.Kubelet.Containers;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Containers;

public class ContainerEnvironmentTests
{
    [Theory]
    [InlineData("$(A)-$$(A)-$(B)", "1-$(A)-$(B)")]
    [InlineData("no references", "no references")]
    [InlineData("$", "$")]
    [InlineData("$$$(A)", "$1")]
    [InlineData("$(A", "$(A")]
    [InlineData("$x", "$x")]
    [InlineData("$(A)$(A)", "11")]
    public void References_expand(string text, string expected) => Assert.Equal(expected, Expansion.Expand(text, name => name == "A" ? "1" : null));

    [Fact]
    public void Later_variables_win_and_may_refer_to_earlier_ones()
    {
        var container = Some.Container();
        container.EnvFrom = [new V1EnvFromSource { Prefix = "P_", ConfigMapRef = new V1ConfigMapEnvSource { Name = "cfg" } }];
        container.Env =
        [
            new V1EnvVar { Name = "A", Value = "1" },
            new V1EnvVar { Name = "B", Value = "$(A)/$(P_x)/$(LATER)" },
            new V1EnvVar { Name = "P_y", Value = "own" },
            new V1EnvVar { Name = "LATER", Value = "l" },
        ];
        var values = Build(container, Sources(Some.ConfigMap("cfg", ("x", "fromMap"), ("y", "shadowed"))));
        Assert.Equal("1/fromMap/$(LATER)", values["B"]);
        Assert.Equal("own", values["P_y"]);
    }

    [Fact]
    public void Fields_of_the_pod_and_resources_can_be_referred_to()
    {
        var pod = Some.Pod();
        pod.Metadata.Labels = new Dictionary<string, string> { ["app"] = "web" };
        var container = pod.Spec.Containers[0];
        container.Resources = new V1ResourceRequirements { Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("250m") } };
        container.Env =
        [
            Field("NAME", "metadata.name"), Field("IP", "status.podIP"), Field("HOST", "status.hostIP"), Field("NODE", "spec.nodeName"), Field("APP", "metadata.labels['app']"),
            Resource("CPU", "limits.cpu", "1"), Resource("MILLI", "limits.cpu", "1m"), Resource("MEM", "limits.memory", "1Mi"),
        ];
        var values = Build(container, Sources(), pod);
        Assert.Equal(("web", "10.0.0.7", "192.0.2.1", "n1", "web"), (values["NAME"], values["IP"], values["HOST"], values["NODE"], values["APP"]));
        Assert.Equal(("1", "250", "8192"), (values["CPU"], values["MILLI"], values["MEM"]));
    }

    [Fact]
    public void What_is_missing_says_so_unless_it_is_optional()
    {
        var container = Some.Container();
        container.Env = [Key("A", "cfg", "nokey", null)];
        Assert.Equal("couldn't find key nokey in ConfigMap default/cfg", Refusal(container, Sources(Some.ConfigMap("cfg"))));
        Assert.Equal("configmap \"cfg\" not found", Refusal(container, Sources()));
        container.Env = [Key("A", "cfg", "nokey", true)];
        Assert.False(Build(container, Sources()).ContainsKey("A"));
    }

    [Fact]
    public void Services_are_announced_in_the_old_way()
    {
        var service = new V1Service
        {
            Metadata = new V1ObjectMeta { Name = "my-db", NamespaceProperty = "default" },
            Spec = new V1ServiceSpec { ClusterIP = "10.96.0.9", Ports = [new V1ServicePort { Name = "sql", Port = 5432, Protocol = "TCP" }] },
        };
        var values = Build(Some.Container(), Sources() with { Services = [service] });
        Assert.Equal("10.96.0.9", values["MY_DB_SERVICE_HOST"]);
        Assert.Equal("5432", values["MY_DB_SERVICE_PORT_SQL"]);
        Assert.Equal("tcp://10.96.0.9:5432", values["MY_DB_PORT"]);
        Assert.Equal("10.96.0.9", values["MY_DB_PORT_5432_TCP_ADDR"]);
        Assert.DoesNotContain("MY_DB_SERVICE_HOST", Build(Some.Container(), Sources() with { Services = [service] }, Some.Pod().With(s => s.EnableServiceLinks = false)).Keys);
    }

    private static Dictionary<string, string> Build(V1Container container, ContainerSources sources, V1Pod? pod = null) =>
        ContainerEnvironment.Build(pod ?? Some.Pod("web", container), container, sources).Variables.ToDictionary(v => v.Name, v => v.Value);

    private static string Refusal(V1Container container, ContainerSources sources) => Assert.Throws<ContainerConfigException>(() => Build(container, sources)).Message;

    private static ContainerSources Sources(params V1ConfigMap[] maps) => new(
        maps.ToDictionary(m => m.Metadata.Name, m => (V1ConfigMap?)m), new Dictionary<string, V1Secret?>(), [], ["10.0.0.7"], ["192.0.2.1"],
        new ResourceFacts(new Dictionary<string, ResourceQuantity> { ["memory"] = new("8Gi") }));

    private static V1EnvVar Field(string name, string path) => new() { Name = name, ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = path } } };

    private static V1EnvVar Resource(string name, string resource, string divisor) => new()
    {
        Name = name,
        ValueFrom = new V1EnvVarSource { ResourceFieldRef = new V1ResourceFieldSelector { Resource = resource, Divisor = new ResourceQuantity(divisor) } },
    };

    private static V1EnvVar Key(string name, string map, string key, bool? optional) => new()
    {
        Name = name,
        ValueFrom = new V1EnvVarSource { ConfigMapKeyRef = new V1ConfigMapKeySelector { Name = map, Key = key, Optional = optional } },
    };
}
