using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

/// <summary>Defaults and validation of https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/</summary>
public sealed class AutoscalerStrategyTests
{
    private const string Target = "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 5";

    [Fact]
    public void Without_metrics_it_is_80_percent_of_the_CPU_and_one_replica_at_least()
    {
        var spec = Spec(Target).Spec;
        Assert.Equal((1, "cpu", 80), (spec.MinReplicas, spec.Metrics.Single().Resource.Name, spec.Metrics.Single().Resource.Target.AverageUtilization));
        Assert.Null(spec.Behavior);
    }

    [Fact]
    public void A_behavior_is_completed_by_the_default_rules()
    {
        var behavior = Spec(Target + ", behavior: {scaleDown: {stabilizationWindowSeconds: 60, tolerance: 50m}}").Spec.Behavior;
        Assert.Equal((0, "Max", "Pods 4 15, Percent 100 15"), (behavior.ScaleUp.StabilizationWindowSeconds, behavior.ScaleUp.SelectPolicy, Policies(behavior.ScaleUp)));
        Assert.Equal((60, "Max", "Percent 100 15", "50m"), (behavior.ScaleDown.StabilizationWindowSeconds, behavior.ScaleDown.SelectPolicy, Policies(behavior.ScaleDown), behavior.ScaleDown.Tolerance.ToString()));
        Assert.Null(Spec(Target + ", behavior: {scaleUp: {}}").Spec.Behavior.ScaleDown.StabilizationWindowSeconds);
    }

    [Theory]
    [InlineData("minReplicas: 0", "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1")]
    [InlineData("minReplicas: 6", "spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`")]
    [InlineData("behavior: {scaleUp: {stabilizationWindowSeconds: -1}}", "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero")]
    [InlineData("behavior: {scaleUp: {stabilizationWindowSeconds: 3601}}", "spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600")]
    [InlineData("behavior: {scaleDown: {selectPolicy: Some}}", "spec.behavior.scaleDown.selectPolicy: Unsupported value: \"Some\": supported values: \"Disabled\", \"Max\", \"Min\"")]
    [InlineData("behavior: {scaleDown: {policies: [{type: Some, value: 1, periodSeconds: 1}]}}", "spec.behavior.scaleDown.policies[0].type: Unsupported value: \"Some\": supported values: \"Percent\", \"Pods\"")]
    [InlineData("behavior: {scaleDown: {policies: [{type: Pods, value: 0, periodSeconds: 1}]}}", "spec.behavior.scaleDown.policies[0].value: Invalid value: 0: must be greater than zero")]
    [InlineData("behavior: {scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 1801}]}}", "spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800")]
    [InlineData("metrics: [{type: Some}]", "spec.metrics[0].type: Unsupported value: \"Some\": supported values: \"ContainerResource\", \"External\", \"Object\", \"Pods\", \"Resource\"")]
    [InlineData("metrics: [{type: Resource}]", "spec.metrics[0].resource: Required value: must populate information for the given metric source")]
    [InlineData("metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization}}}]", "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization")]
    [InlineData("metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 0}}}]", "spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0")]
    [InlineData("metrics: [{type: Resource, resource: {name: cpu, target: {type: Some, averageUtilization: 1}}}]", "spec.metrics[0].resource.target.type: Invalid value: \"Some\": must be either Utilization, Value, or AverageValue")]
    [InlineData("metrics: [{type: ContainerResource, containerResource: {name: cpu, container: '', target: {type: Utilization, averageUtilization: 1}}}]", "spec.metrics[0].containerResource.container: Required value: must specify a container")]
    [InlineData("metrics: [{type: Pods, pods: {metric: {name: hits}, target: {type: AverageValue}}}]", "spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue")]
    [InlineData("metrics: [{type: Pods, pods: {metric: {name: ''}, target: {type: AverageValue, averageValue: '1'}}}]", "spec.metrics[0].pods.metric.name: Required value: must specify a metric name")]
    [InlineData("metrics: [{type: External, external: {metric: {name: q}, target: {type: Value, value: '1', averageValue: '1'}}}]", "spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target")]
    [InlineData("metrics: [{type: Object, object: {describedObject: {kind: Service, name: s}, metric: {name: q}, target: {type: Value, value: '0'}}}]", "spec.metrics[0].object.target.value: Invalid value: \"0\": must be positive")]
    [InlineData("metrics: [{type: External, external: {metric: {name: q}, target: {type: Value, value: '1'}}, pods: {metric: {name: q}, target: {type: AverageValue, averageValue: '1'}}}]", "spec.metrics[0].pods: Forbidden: must populate the given metric source only")]
    public void What_is_wrong_is_told_as_Kubernetes_tells_it(string more, string error) =>
        Assert.Contains(error, Strategies.ErrorsOf<V2HorizontalPodAutoscaler>(Yaml($"{Target}, {more}")));

    [Fact]
    public void A_tolerance_is_not_negative_and_there_is_a_policy()
    {
        var old = Spec(Target + ", behavior: {}");
        Assert.Contains(
            Strategies.Update(old, v => v.Spec.Behavior.ScaleUp.Tolerance = new ResourceQuantity("-1")).Errors,
            e => e.StartsWith("spec.behavior.scaleUp.tolerance: Invalid value: ", StringComparison.Ordinal) && e.EndsWith("must be greater than or equal to 0", StringComparison.Ordinal));
        Assert.Contains("spec.behavior.scaleUp.policies: Required value: must specify at least one Policy", Strategies.Update(old, v => v.Spec.Behavior.ScaleUp.Policies = []).Errors);
    }

    [Fact]
    public void A_full_autoscaler_is_right() => Assert.Empty(Strategies.ErrorsOf<V2HorizontalPodAutoscaler>(Yaml(Target + """
        , minReplicas: 2, behavior: {scaleUp: {policies: [{type: Percent, value: 10, periodSeconds: 60}], selectPolicy: Min, tolerance: 100m}, scaleDown: {selectPolicy: Disabled}},
        metrics: [{type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 100Mi}}},
          {type: ContainerResource, containerResource: {name: cpu, container: main, target: {type: Utilization, averageUtilization: 50}}},
          {type: Pods, pods: {metric: {name: hits}, target: {type: AverageValue, averageValue: '1k'}}},
          {type: Object, object: {describedObject: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: main}, metric: {name: hits}, target: {type: Value, value: 2k}}},
          {type: External, external: {metric: {name: queue, selector: {matchLabels: {of: work}}}, target: {type: AverageValue, averageValue: '30'}}}]
        """)));

    [Fact]
    public void One_that_may_go_to_zero_already_may_stay_so()
    {
        var old = Spec(Target);
        old.Spec.MinReplicas = 0;
        old.Spec.Metrics = [new V2MetricSpec { Type = "External", External = new V2ExternalMetricSource { Metric = new V2MetricIdentifier { Name = "q" }, Target = new V2MetricTarget { Type = "Value", Value = new ResourceQuantity("1") } } }];
        Assert.Empty(Strategies.Update(old, v => v.Spec.MaxReplicas = 6).Errors);
        Assert.Contains(
            "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas", Strategies.Update(old, v => v.Spec.Metrics = null).Errors);
    }

    [Fact]
    public void The_row_shows_current_and_target()
    {
        var value = Spec(Target);
        Assert.Equal("web | Deployment/web | cpu: <unknown>/80% | 1 | 5 | 0 | <unknown>", Strategies.Row(value));
        value.Status = new V2HorizontalPodAutoscalerStatus
        {
            CurrentReplicas = 2,
            CurrentMetrics = [new V2MetricStatus { Type = "Resource", Resource = new V2ResourceMetricStatus { Name = "cpu", Current = new V2MetricValueStatus { AverageUtilization = 45 } } }],
        };
        Assert.Equal("web | Deployment/web | cpu: 45%/80% | 1 | 5 | 2 | <unknown>", Strategies.Row(value));
    }

    private static V2HorizontalPodAutoscaler Spec(string spec) => Strategies.Create<V2HorizontalPodAutoscaler>(Yaml(spec)).Value;

    private static string Yaml(string spec) => $"{{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {{name: web}}, spec: {{{spec}}}}}";

    private static string Policies(V2HPAScalingRules rules) => string.Join(", ", rules.Policies.Select(p => $"{p.Type} {p.Value} {p.PeriodSeconds}"));
}
