using ActorKube.ApiServer.Endpoints;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry.Pods;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

public class PodResizeRulesTests
{
    [Fact]
    public void Only_resources_are_taken_over()
    {
        var old = Pod(("c1", "100m", "200m"));
        var wanted = Pod(("c1", "150m", "200m"));
        wanted.Spec.Containers[0].Image = "other";
        var spec = PodResizeRules.Prepare(wanted.Spec, old.Spec);
        Assert.Equal(("app", "150m"), (spec.Containers[0].Image, spec.Containers[0].Resources.Requests["cpu"].ToString()));
        Assert.Empty(Errors(wanted, old));
    }

    [Fact]
    public void What_a_resize_may_not_do_is_said_in_Kubernetes_words()
    {
        var old = Pod(("c1", "100m", "200m"), ("c2", "100m", "200m"));
        Assert.Equal(["spec: Invalid value: \"Guaranteed\": Pod QOS Class may not change as a result of resizing"], Errors(Pod(("c1", "200m", "200m")), Pod(("c1", "100m", "200m"))));
        Assert.Contains("spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed", Errors(Pod(("c1", "100m", null)), Pod(("c1", "100m", "200m"))));
        Assert.Contains("spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed", Errors(Pod(("c1", null, null)), Pod(("c1", "100m", null))));
        Assert.Equal(
        [
            "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize",
            "spec.containers[1].name: Forbidden: containers may not be renamed or reordered on resize",
        ], Errors(Pod(("c2", "100m", "200m"), ("c1", "100m", "200m")), old));
        Assert.Equal(["spec.containers: Forbidden: containers may not be added or removed on resize"], Errors(Pod(("c1", "100m", "200m")), old));
        var storage = Pod(("c1", "100m", "200m"), ("c2", "100m", "200m"));
        storage.Spec.Containers[0].Resources.Requests["ephemeral-storage"] = new("1");
        Assert.Equal(["spec: Forbidden: only cpu and memory resources are mutable"], Errors(storage, old));
    }

    [Fact]
    public void An_eviction_is_said_on_the_pod_once()
    {
        var now = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var marked = Evictions.Disrupted(new V1Pod { Metadata = new V1ObjectMeta { Name = "a" } }, now)!;
        var condition = Assert.Single(marked.Status.Conditions);
        Assert.Equal(("DisruptionTarget", "True", "EvictionByEvictionAPI", "Eviction API: evicting"), (condition.Type, condition.Status, condition.Reason, condition.Message));
        Assert.Null(Evictions.Disrupted(marked, now));
        Assert.Null(Evictions.Disrupted(new V1Pod { Metadata = new V1ObjectMeta { Name = "a" }, Status = new V1PodStatus { Phase = "Failed" } }, now));
    }

    [Theory]
    [InlineData("n1", "n1", null)]
    [InlineData("n1:10250", "n1", 10250)]
    [InlineData("https:n1:10250", "n1", 10250)]
    [InlineData("https:n1:", "n1", null)]
    public void A_node_is_named_with_or_without_its_kubelets_port(string text, string name, int? port) => Assert.Equal((name, port), KubeletName.Read(text));

    private static List<string> Errors(V1Pod wanted, V1Pod old)
    {
        var pod = new V1Pod { Metadata = old.Metadata, Spec = PodResizeRules.Prepare(wanted.Spec, old.Spec), Status = old.Status };
        return [.. PodResizeRules.Validate(pod, old).Select(e => e.ToString())];
    }

    private static V1Pod Pod(params (string Name, string? Request, string? Limit)[] containers) => new()
    {
        Metadata = new V1ObjectMeta { Name = "p" },
        Spec = new V1PodSpec
        {
            Containers =
            [
                .. containers.Select(c => new V1Container
                {
                    Name = c.Name,
                    Image = "app",
                    Resources = new V1ResourceRequirements
                    {
                        Requests = Amounts(c.Request),
                        Limits = Amounts(c.Limit),
                    },
                }),
            ],
        },
    };

    // Memory is the same on both sides, so that CPU alone decides about the quality of service.
    private static Dictionary<string, ResourceQuantity> Amounts(string? cpu) =>
        cpu is null ? [] : new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu), ["memory"] = new("64Mi") };
}
