using System.Globalization;

namespace ActorKube.Kubelet.Pods;

/// <summary>Durations as Kubernetes' messages print them: <c>10s</c>, <c>2m40s</c>, <c>1.5s</c>, <c>320ms</c>.</summary>
internal static class Duration
{
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(1))
            return duration == TimeSpan.Zero ? "0s" : string.Create(CultureInfo.InvariantCulture, $"{(long)duration.TotalMilliseconds}ms");
        var seconds = duration.TotalSeconds % 60;
        var text = string.Create(CultureInfo.InvariantCulture, $"{Math.Round(seconds, 3)}s");
        var minutes = (long)duration.TotalMinutes;
        if (minutes == 0)
            return text;
        return minutes < 60
            ? string.Create(CultureInfo.InvariantCulture, $"{minutes}m{text}")
            : string.Create(CultureInfo.InvariantCulture, $"{minutes / 60}h{minutes % 60}m{text}");
    }
}
