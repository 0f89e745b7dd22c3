using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>
/// Defaults and validation of an autoscaler's metrics and behavior, in Kubernetes' words.
/// Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
/// </summary>
internal static class AutoscalerRules
{
    private const int DefaultUtilization = 80;
    private const int PolicyPeriod = 15;
    private const int LongestPeriod = 1800;
    private const int LongestWindow = 3600;

    /// <summary>Fills what is not set: one replica at least, 80 % of the CPU that is requested, and where there is a behavior its rules.</summary>
    public static void Default(V2HorizontalPodAutoscalerSpec spec)
    {
        spec.MinReplicas ??= 1;
        if (spec.Metrics is null or { Count: 0 })
        {
            spec.Metrics =
            [
                new V2MetricSpec
                {
                    Type = "Resource",
                    Resource = new V2ResourceMetricSource { Name = "cpu", Target = new V2MetricTarget { Type = "Utilization", AverageUtilization = DefaultUtilization } },
                },
            ];
        }

        if (spec.Behavior is not { } behavior)
        {
            return;
        }

        var up = behavior.ScaleUp ??= new V2HPAScalingRules();
        up.StabilizationWindowSeconds ??= 0;
        up.SelectPolicy ??= "Max";
        up.Policies ??= [Policy("Pods", 4), Policy("Percent", 100)];

        // The window on the way down is the controller's setting where it is not set.
        var down = behavior.ScaleDown ??= new V2HPAScalingRules();
        down.SelectPolicy ??= "Max";
        down.Policies ??= [Policy("Percent", 100)];
    }

    /// <summary>What is wrong with the metrics.</summary>
    public static void ValidateMetrics(V2HorizontalPodAutoscalerSpec spec, FieldPath path, FieldErrors errors)
    {
        var metrics = spec.Metrics ?? [];
        for (var i = 0; i < metrics.Count; i++)
        {
            Validate(metrics[i], path.Index(i), errors);
        }

        if (spec.MinReplicas == 0 && !metrics.Any(m => m.Type is "Object" or "External"))
        {
            errors.Forbidden(path, "must specify at least one Object or External metric to support scaling to zero replicas");
        }
    }

    /// <summary>What is wrong with the behavior.</summary>
    public static void ValidateBehavior(V2HorizontalPodAutoscalerBehavior? behavior, FieldPath path, FieldErrors errors)
    {
        Validate(behavior?.ScaleUp, path.Child("scaleUp"), errors);
        Validate(behavior?.ScaleDown, path.Child("scaleDown"), errors);
    }

    /// <summary>What is wrong with a reference to an object.</summary>
    public static void ValidateReference(V2CrossVersionObjectReference? reference, FieldPath path, FieldErrors errors)
    {
        foreach (var (field, text) in new[] { ("kind", reference?.Kind), ("name", reference?.Name) })
        {
            if (string.IsNullOrEmpty(text))
            {
                errors.Required(path.Child(field));
            }
            else
            {
                errors.Invalid(path.Child(field), text, NameRules.PathSegment(text));
            }
        }
    }

    private static V2HPAScalingPolicy Policy(string type, int value) => new() { Type = type, Value = value, PeriodSeconds = PolicyPeriod };

    private static void Validate(V2HPAScalingRules? rules, FieldPath path, FieldErrors errors)
    {
        if (rules is null)
        {
            return;
        }

        if (rules.StabilizationWindowSeconds is < 0)
        {
            errors.Invalid(path.Child("stabilizationWindowSeconds"), rules.StabilizationWindowSeconds, "must be greater than or equal to zero");
        }

        if (rules.StabilizationWindowSeconds is > LongestWindow)
        {
            errors.Invalid(path.Child("stabilizationWindowSeconds"), rules.StabilizationWindowSeconds, $"must be less than or equal to {LongestWindow}");
        }

        if (rules.SelectPolicy is not (null or "Max" or "Min" or "Disabled"))
        {
            errors.NotSupported(path.Child("selectPolicy"), rules.SelectPolicy, "Disabled", "Max", "Min");
        }

        var policies = rules.Policies ?? [];
        if (policies.Count == 0)
        {
            errors.Required(path.Child("policies"), "must specify at least one Policy");
        }

        for (var i = 0; i < policies.Count; i++)
        {
            Validate(policies[i], path.Child("policies").Index(i), errors);
        }

        if (rules.Tolerance is { } tolerance && Quantity.From(tolerance).Sign < 0)
        {
            errors.Invalid(path.Child("tolerance"), tolerance.ToString(), "must be greater than or equal to 0");
        }
    }

    private static void Validate(V2HPAScalingPolicy policy, FieldPath path, FieldErrors errors)
    {
        if (policy.Type is not ("Pods" or "Percent"))
        {
            errors.NotSupported(path.Child("type"), policy.Type ?? "", "Percent", "Pods");
        }

        if (policy.Value <= 0)
        {
            errors.Invalid(path.Child("value"), policy.Value, "must be greater than zero");
        }

        if (policy.PeriodSeconds <= 0)
        {
            errors.Invalid(path.Child("periodSeconds"), policy.PeriodSeconds, "must be greater than zero");
        }

        if (policy.PeriodSeconds > LongestPeriod)
        {
            errors.Invalid(path.Child("periodSeconds"), policy.PeriodSeconds, $"must be less than or equal to {LongestPeriod}");
        }
    }

    private static void Validate(V2MetricSpec metric, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(metric.Type))
        {
            errors.Required(path.Child("type"), "must specify a metric source type");
        }

        var sources = new (string Type, string Field, object? Value, Action<FieldPath> Validate)[]
        {
            ("Object", "object", metric.ObjectProperty, p => Object(metric.ObjectProperty!, p, errors)),
            ("External", "external", metric.External, p => External(metric.External!, p, errors)),
            ("Pods", "pods", metric.Pods, p => Pods(metric.Pods!, p, errors)),
            ("Resource", "resource", metric.Resource, p => Resource(metric.Resource!.Name, metric.Resource.Target, p, errors)),
            ("ContainerResource", "containerResource", metric.ContainerResource, p => ContainerResource(metric.ContainerResource!, p, errors)),
        };
        var given = sources.Where(s => s.Value is not null).ToList();
        var wanted = Array.Find(sources, s => s.Type == metric.Type);
        if (wanted.Type is null)
        {
            errors.NotSupported(path.Child("type"), metric.Type ?? "", "ContainerResource", "External", "Object", "Pods", "Resource");
        }

        if (given.Count > 0)
        {
            given[0].Validate(path.Child(given[0].Field));
        }

        if (wanted.Type is not null && wanted.Value is null)
        {
            errors.Required(path.Child(wanted.Field), "must populate information for the given metric source");
        }

        if (given.Count != 1)
        {
            foreach (var other in given.Where(g => g.Field != wanted.Field))
            {
                errors.Forbidden(path.Child(other.Field), "must populate the given metric source only");
            }
        }
    }

    private static void Object(V2ObjectMetricSource source, FieldPath path, FieldErrors errors)
    {
        ValidateReference(source.DescribedObject, path.Child("describedObject"), errors);
        Identifier(source.Metric, path.Child("metric"), errors);
        Target(source.Target, path.Child("target"), errors);
        if (source.Target?.Value is null && source.Target?.AverageValue is null)
        {
            errors.Required(path.Child("target").Child("averageValue"), "must set either a target value or averageValue");
        }
    }

    private static void External(V2ExternalMetricSource source, FieldPath path, FieldErrors errors)
    {
        Identifier(source.Metric, path.Child("metric"), errors);
        Target(source.Target, path.Child("target"), errors);
        if (source.Target?.Value is null && source.Target?.AverageValue is null)
        {
            errors.Required(path.Child("target").Child("averageValue"), "must set either a target value for metric or a per-pod target");
        }
        else if (source.Target.Value is not null && source.Target.AverageValue is not null)
        {
            errors.Forbidden(path.Child("target").Child("value"), "may not set both a target value for metric and a per-pod target");
        }
    }

    private static void Pods(V2PodsMetricSource source, FieldPath path, FieldErrors errors)
    {
        Identifier(source.Metric, path.Child("metric"), errors);
        Target(source.Target, path.Child("target"), errors);
        if (source.Target?.AverageValue is null)
        {
            errors.Required(path.Child("target").Child("averageValue"), "must specify a positive target averageValue");
        }
    }

    private static void ContainerResource(V2ContainerResourceMetricSource source, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(source.Container))
        {
            errors.Required(path.Child("container"), "must specify a container");
        }
        else
        {
            errors.Invalid(path.Child("container"), source.Container, NameRules.Dns1123Label(source.Container));
        }

        Resource(source.Name, source.Target, path, errors);
    }

    private static void Resource(string? name, V2MetricTarget? target, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(name))
        {
            errors.Required(path.Child("name"), "must specify a resource name");
        }

        Target(target, path.Child("target"), errors);
        if (target?.AverageUtilization is null && target?.AverageValue is null)
        {
            errors.Required(path.Child("target").Child("averageUtilization"), "must set either a target raw value or a target utilization");
        }
        else if (target.AverageUtilization is not null && target.AverageValue is not null)
        {
            errors.Forbidden(path.Child("target").Child("averageValue"), "may not set both a target raw value and a target utilization");
        }
    }

    private static void Identifier(V2MetricIdentifier? metric, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(metric?.Name))
        {
            errors.Required(path.Child("name"), "must specify a metric name");
        }
        else
        {
            errors.Invalid(path.Child("name"), metric.Name, NameRules.PathSegment(metric.Name));
        }
    }

    private static void Target(V2MetricTarget? target, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(target?.Type))
        {
            errors.Required(path.Child("type"), "must specify a metric target type");
        }

        if (target?.Type is not ("Utilization" or "Value" or "AverageValue"))
        {
            errors.Invalid(path.Child("type"), target?.Type ?? "", "must be either Utilization, Value, or AverageValue");
        }

        foreach (var (field, value) in new[] { ("value", target?.Value), ("averageValue", target?.AverageValue) })
        {
            if (value is not null && Quantity.From(value).Sign != 1)
            {
                errors.Invalid(path.Child(field), value.ToString(), "must be positive");
            }
        }

        if (target?.AverageUtilization is < 1)
        {
            errors.Invalid(path.Child("averageUtilization"), target.AverageUtilization, "must be greater than 0");
        }
    }
}
