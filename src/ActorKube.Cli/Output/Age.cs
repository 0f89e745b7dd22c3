namespace ActorKube.Cli.Output;

/// <summary>A time span as people say it: <c>42s</c>, <c>5m12s</c>, <c>3h</c>, <c>12d</c>.</summary>
internal static class Age
{
    public static string Of(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        var (minutes, hours) = (seconds / 60, seconds / 3600);
        return seconds switch
        {
            < -1 => "<invalid>", // clocks of two machines may differ by a moment, but not by more
            < 0 => "0s",
            < 120 => $"{seconds}s",
            < 10 * 60 => Two(minutes, "m", seconds % 60, "s"),
            < 3 * 3600 => $"{minutes}m",
            < 8 * 3600 => Two(hours, "h", minutes % 60, "m"),
            < 48 * 3600 => $"{hours}h",
            < 8 * 24 * 3600 => Two(hours / 24, "d", hours % 24, "h"),
            < 2 * 365 * 24 * 3600L => $"{hours / 24}d",
            < 8 * 365 * 24 * 3600L => Two(hours / 24 / 365, "y", hours / 24 % 365, "d"),
            _ => $"{hours / 24 / 365}y",
        };
    }

    /// <summary>The age of something that began then; <c>&lt;unknown&gt;</c> where that is not known.</summary>
    public static string Since(DateTimeOffset? start, DateTimeOffset now) => start is { } then ? Of(now - then) : "<unknown>";

    private static string Two(long major, string majorUnit, long minor, string minorUnit) => minor == 0 ? $"{major}{majorUnit}" : $"{major}{majorUnit}{minor}{minorUnit}";
}
