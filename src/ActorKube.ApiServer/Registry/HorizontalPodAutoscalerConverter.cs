using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>
/// <c>autoscaling/v1</c> knows one metric, the CPU utilization; <c>v2</c>, which is stored, knows many. What v1 has no field for
/// travels in annotations, as in Kubernetes, so that a v1 client that writes back what it read loses nothing.
/// </summary>
internal sealed class HorizontalPodAutoscalerConverter : VersionConverter
{
    private const string Metrics = "autoscaling.alpha.kubernetes.io/metrics";
    private const string CurrentMetrics = "autoscaling.alpha.kubernetes.io/current-metrics";
    private const string Conditions = "autoscaling.alpha.kubernetes.io/conditions";
    private const string Behavior = "autoscaling.alpha.kubernetes.io/behavior";

    /// <inheritdoc/>
    public override object FromStored(object stored)
    {
        var from = ApiJson.Copy((V2HorizontalPodAutoscaler)stored);
        var cpu = from.Spec.Metrics?.FirstOrDefault(IsCpuUtilization);
        var currentCpu = from.Status?.CurrentMetrics?.FirstOrDefault(m => m.Type == "Resource" && m.Resource?.Name == "cpu" && m.Resource.Current?.AverageUtilization is not null);
        Keep(from.Metadata, Metrics, from.Spec.Metrics?.Where(m => m != cpu).ToList());
        Keep(from.Metadata, CurrentMetrics, from.Status?.CurrentMetrics?.Where(m => m != currentCpu).ToList());
        Keep(from.Metadata, Conditions, from.Status?.Conditions);
        if (from.Spec.Behavior is { } behavior)
        {
            from.Metadata.EnsureAnnotations()[Behavior] = ApiJson.SerializeToString(behavior);
        }

        return new V1HorizontalPodAutoscaler
        {
            ApiVersion = "autoscaling/v1",
            Kind = "HorizontalPodAutoscaler",
            Metadata = from.Metadata,
            Spec = new V1HorizontalPodAutoscalerSpec
            {
                MinReplicas = from.Spec.MinReplicas,
                MaxReplicas = from.Spec.MaxReplicas,
                ScaleTargetRef = new V1CrossVersionObjectReference
                {
                    ApiVersion = from.Spec.ScaleTargetRef?.ApiVersion,
                    Kind = from.Spec.ScaleTargetRef?.Kind,
                    Name = from.Spec.ScaleTargetRef?.Name,
                },
                TargetCPUUtilizationPercentage = cpu?.Resource.Target.AverageUtilization,
            },
            Status = from.Status is null ? null : new V1HorizontalPodAutoscalerStatus
            {
                CurrentReplicas = from.Status.CurrentReplicas ?? 0,
                DesiredReplicas = from.Status.DesiredReplicas,
                LastScaleTime = from.Status.LastScaleTime,
                ObservedGeneration = from.Status.ObservedGeneration,
                CurrentCPUUtilizationPercentage = currentCpu?.Resource.Current.AverageUtilization,
            },
        };
    }

    /// <inheritdoc/>
    public override object ToStored(object served)
    {
        var from = (V1HorizontalPodAutoscaler)served;
        var metrics = Take<List<V2MetricSpec>>(from.Metadata, Metrics) ?? [];
        if (from.Spec?.TargetCPUUtilizationPercentage is { } target)
        {
            metrics.Insert(0, new V2MetricSpec
            {
                Type = "Resource",
                Resource = new V2ResourceMetricSource { Name = "cpu", Target = new V2MetricTarget { Type = "Utilization", AverageUtilization = target } },
            });
        }

        var current = Take<List<V2MetricStatus>>(from.Metadata, CurrentMetrics) ?? [];
        if (from.Status?.CurrentCPUUtilizationPercentage is { } utilization)
        {
            current.Insert(0, new V2MetricStatus
            {
                Type = "Resource",
                Resource = new V2ResourceMetricStatus { Name = "cpu", Current = new V2MetricValueStatus { AverageUtilization = utilization } },
            });
        }

        var conditions = Take<List<V2HorizontalPodAutoscalerCondition>>(from.Metadata, Conditions);
        return new V2HorizontalPodAutoscaler
        {
            ApiVersion = "autoscaling/v2",
            Kind = "HorizontalPodAutoscaler",
            Spec = new V2HorizontalPodAutoscalerSpec
            {
                MinReplicas = from.Spec?.MinReplicas,
                MaxReplicas = from.Spec?.MaxReplicas ?? 0,
                ScaleTargetRef = new V2CrossVersionObjectReference
                {
                    ApiVersion = from.Spec?.ScaleTargetRef?.ApiVersion,
                    Kind = from.Spec?.ScaleTargetRef?.Kind,
                    Name = from.Spec?.ScaleTargetRef?.Name,
                },
                Metrics = metrics.Count == 0 ? null : metrics,
                Behavior = Take<V2HorizontalPodAutoscalerBehavior>(from.Metadata, Behavior),
            },
            Status = from.Status is null ? null : new V2HorizontalPodAutoscalerStatus
            {
                CurrentReplicas = from.Status.CurrentReplicas,
                DesiredReplicas = from.Status.DesiredReplicas,
                LastScaleTime = from.Status.LastScaleTime,
                ObservedGeneration = from.Status.ObservedGeneration,
                CurrentMetrics = current.Count == 0 ? null : current,
                Conditions = conditions ?? [],
            },
            Metadata = from.Metadata,
        };
    }

    private static bool IsCpuUtilization(V2MetricSpec metric) =>
        metric.Type == "Resource" && metric.Resource?.Name == "cpu" && metric.Resource.Target?.AverageUtilization is not null;

    private static void Keep<T>(V1ObjectMeta metadata, string annotation, ICollection<T>? items)
    {
        if (items is { Count: > 0 })
        {
            metadata.EnsureAnnotations()[annotation] = ApiJson.SerializeToString(items.ToList());
        }
    }

    private static T? Take<T>(V1ObjectMeta metadata, string annotation) where T : class
    {
        if (metadata.Annotations is null || !metadata.Annotations.Remove(annotation, out var json))
        {
            return null;
        }

        return ApiJson.Deserialize<T>(System.Text.Encoding.UTF8.GetBytes(json));
    }
}
