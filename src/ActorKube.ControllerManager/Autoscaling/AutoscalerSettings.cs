namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>The section <c>horizontal-pod-autoscaler</c>. Names and defaults are those of kube-controller-manager's flags.</summary>
public sealed record AutoscalerSettings
{
    /// <summary>Kubernetes' defaults.</summary>
    public static AutoscalerSettings Default { get; } = new();

    /// <summary>How often each autoscaler is looked at.</summary>
    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How far usage may be from its target, as a part of it, before anything is done.</summary>
    public double Tolerance { get; init; } = 0.1;

    /// <summary>How long the highest recommendation counts before there is less, where the autoscaler does not say.</summary>
    public TimeSpan DownscaleStabilization { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after a pod's start its CPU usage counts only while it is ready.</summary>
    public TimeSpan CpuInitializationPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Within this time after its start a pod that becomes unready counts as one that never was ready.</summary>
    public TimeSpan InitialReadinessDelay { get; init; } = TimeSpan.FromSeconds(30);
}
