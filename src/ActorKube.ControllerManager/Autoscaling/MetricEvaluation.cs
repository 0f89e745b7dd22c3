using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>From what was read of a metric to what it asks for, in Kubernetes' words. Pure.</summary>
internal sealed class MetricEvaluation(ReplicaCalculator calculator, string ns, int specReplicas, int statusReplicas)
{
    /// <summary>What a metric asks for.</summary>
    public Proposal Of(V2MetricSpec metric, MetricReading reading) => metric.Type switch
    {
        "Resource" when metric.Resource is { } m => Resource(
            m.Name, m.Target, "", reading, $"{m.Name} resource", "FailedGetResourceMetric", $"failed to get {m.Name} resource metric value",
            current => new V2MetricStatus { Type = "Resource", Resource = new V2ResourceMetricStatus { Name = m.Name, Current = current } }),
        "ContainerResource" when metric.ContainerResource is { } m => Resource(
            m.Name, m.Target, m.Container, reading, $"{m.Name} container resource", "FailedGetContainerResourceMetric", $"failed to get {m.Container} container metric value",
            current => new V2MetricStatus { Type = "ContainerResource", ContainerResource = new V2ContainerResourceMetricStatus { Name = m.Name, Container = m.Container, Current = current } }),
        "Pods" when metric.Pods is { } m => Pods(m, reading),
        "Object" when metric.ObjectProperty is { } m => Object(m, reading),
        "External" when metric.External is { } m => External(m, reading),
        _ => Unknown(metric.Type),
    };

    private Proposal Resource(
        string name, V2MetricTarget target, string container, MetricReading reading, string metric, string reason, string context, Func<V2MetricValueStatus, V2MetricStatus> status)
    {
        var byValue = target.AverageValue is not null;
        if (!byValue && target.AverageUtilization is null)
            return Failed("invalid resource metric source: neither an average utilization target nor an average value (usage) target was set");
        var calculation = reading switch
        {
            MetricReading.OfPods pods when byValue => calculator.ByAverage(specReplicas, Quantity.From(target.AverageValue).MilliValue, name == "cpu", pods.Pods),
            MetricReading.OfPods pods => calculator.ByUtilization(specReplicas, target.AverageUtilization!.Value, name, container, pods.Pods),
            MetricReading.Failed failed => Calculation.Failed($"unable to get metrics for resource {name}: {failed.Message}"),
            _ => throw new ArgumentException($"{reading.GetType().Name} is no reading of pods"),
        };
        if (calculation.Error is { } error)
            return Failed($"failed to get {name} {(byValue ? "usage" : "utilization")}: {error}");
        var average = Quantity.OfMilli(calculation.Milli, name == "memory" ? QuantityFormat.BinarySI : QuantityFormat.DecimalSI).ToResourceQuantity();
        return new Proposal(
            calculation.Replicas, byValue ? $"{name} resource" : $"{metric} utilization (percentage of request)", status(new V2MetricValueStatus { AverageUtilization = calculation.Percent, AverageValue = average }));

        Proposal Failed(string message) => Proposal.Failed(reason, message, $"{context}: {message}");
    }

    private Proposal Pods(V2PodsMetricSource m, MetricReading reading)
    {
        var calculation = reading switch
        {
            MetricReading.OfPods pods => calculator.ByAverage(specReplicas, Quantity.From(m.Target.AverageValue).MilliValue, false, pods.Pods),
            MetricReading.Failed failed => Calculation.Failed($"unable to get metric {m.Metric.Name}: {failed.Message}"),
            _ => throw new ArgumentException($"{reading.GetType().Name} is no reading of pods"),
        };
        return calculation.Error is { } error
            ? Proposal.Failed("FailedGetPodsMetric", error, $"failed to get pods metric value: {error}")
            : new Proposal(calculation.Replicas, $"pods metric {m.Metric.Name}", new V2MetricStatus
            {
                Type = "Pods",
                Pods = new V2PodsMetricStatus { Metric = m.Metric, Current = new V2MetricValueStatus { AverageValue = Decimal(calculation.Milli) } },
            });
    }

    private Proposal Object(V2ObjectMetricSource m, MetricReading reading)
    {
        const string Reason = "FailedGetObjectMetric";
        const string Context = "failed to get object metric value";
        var (byValue, byAverage) = (m.Target is { Type: "Value", Value: not null }, m.Target is { Type: "AverageValue", AverageValue: not null });
        if (!byValue && !byAverage)
        {
            const string Wrong = "invalid object metric source: neither a value target nor an average value target was set";
            return Proposal.Failed(Reason, Wrong, $"{Context}: {Wrong}");
        }

        var calculation = Single(reading, byValue ? m.Target.Value : m.Target.AverageValue, byValue, $"unable to get metric {m.Metric.Name} on {m.DescribedObject.Kind} {ns}/{m.DescribedObject.Name}");
        if (calculation.Error is { } error)
            return Proposal.Failed(Reason, error, byValue ? $"{Context}: {error}" : $"{Context}: failed to get {m.Metric.Name} object metric: {error}");
        return new Proposal(
            calculation.Replicas, byValue ? $"{m.DescribedObject.Kind} metric {m.Metric.Name}" : $"external metric {m.Metric.Name}({GoText.Of(m.Metric.Selector)})",
            new V2MetricStatus { Type = "Object", ObjectProperty = new V2ObjectMetricStatus { DescribedObject = m.DescribedObject, Metric = m.Metric, Current = Current(calculation, byValue) } });
    }

    private Proposal External(V2ExternalMetricSource m, MetricReading reading)
    {
        const string Reason = "FailedGetExternalMetric";
        var (name, selector) = (m.Metric.Name, GoText.Of(m.Metric.Selector));
        var context = $"failed to get {name} external metric value";
        var byAverage = m.Target.AverageValue is not null;
        if (!byAverage && m.Target.Value is null)
        {
            const string Wrong = "invalid external metric source: neither a value target nor an average value target was set";
            return Proposal.Failed(Reason, Wrong, $"{context}: {Wrong}");
        }

        var calculation = Single(reading, byAverage ? m.Target.AverageValue : m.Target.Value, !byAverage, $"unable to get external metric {ns}/{name}/{selector}");
        return calculation.Error is { } error
            ? Proposal.Failed(Reason, error, $"{context}: failed to get {(byAverage ? $"{name} external metric" : $"external metric {name}")}: {error}")
            : new Proposal(calculation.Replicas, $"external metric {name}({selector})", new V2MetricStatus
            {
                Type = "External",
                External = new V2ExternalMetricStatus { Metric = m.Metric, Current = Current(calculation, !byAverage) },
            });
    }

    private Calculation Single(MetricReading reading, ResourceQuantity? target, bool byValue, string failure) => reading switch
    {
        MetricReading.Total total when byValue => calculator.ByValue(specReplicas, Quantity.From(target).MilliValue, total.Milli),
        MetricReading.Total total => calculator.ByValuePerPod(statusReplicas, Quantity.From(target).MilliValue, total.Milli),
        MetricReading.Failed failed => Calculation.Failed($"{failure}: {failed.Message}"),
        _ => throw new ArgumentException($"{reading.GetType().Name} is no single reading"),
    };

    private static Proposal Unknown(string type)
    {
        var message = $"unknown metric source type \"{type}\"";
        return Proposal.Failed("InvalidMetricSourceType", message, message);
    }

    private static V2MetricValueStatus Current(Calculation calculation, bool byValue) =>
        byValue ? new V2MetricValueStatus { Value = Decimal(calculation.Milli) } : new V2MetricValueStatus { AverageValue = Decimal(calculation.Milli) };

    private static ResourceQuantity Decimal(long milli) => Quantity.OfMilli(milli).ToResourceQuantity();
}
