namespace ActorKube.Cli.Output;

/// <summary>A time span as people say it: <c>42s</c>, <c>5m12s</c>, <c>3h</c>, <c>12d</c>.</summary>
internal static class Age
{
    public static string Of(TimeSpan span)
    {
        var seconds = Math.Max(0, (long)span.TotalSeconds);
        return seconds switch
        {
            < 120 => $"{seconds}s",
            < 600 => seconds % 60 == 0 ? $"{seconds / 60}m" : $"{seconds / 60}m{seconds % 60}s",
            < 3 * 3600 => $"{seconds / 60}m",
            < 8 * 3600 => seconds / 60 % 60 == 0 ? $"{seconds / 3600}h" : $"{seconds / 3600}h{seconds / 60 % 60}m",
            < 2 * 86400 => $"{seconds / 3600}h",
            _ => $"{seconds / 86400}d",
        };
    }
}
