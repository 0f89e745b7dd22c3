namespace ActorKube.Api.Machinery;

/// <summary>Durations as people say them: two units at most, fewer the longer it is, such as <c>90s</c>, <c>5m30s</c>, <c>2d3h</c>, <c>4y12d</c>.</summary>
public static class HumanDuration
{
    private const long Minute = 60;
    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;
    private const long Year = 365 * Day;

    /// <summary>A duration, worded as kubectl words ages.</summary>
    public static string Format(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        return seconds switch
        {
            < -1 => "<invalid>", // the clocks of two machines may differ by a moment, but not by more
            < 0 => "0s",
            < 2 * Minute => $"{seconds}s",
            < 10 * Minute => Two(seconds, Minute, "m", 1, "s"),
            < 3 * Hour => $"{seconds / Minute}m",
            < 8 * Hour => Two(seconds, Hour, "h", Minute, "m"),
            < 2 * Day => $"{seconds / Hour}h",
            < 8 * Day => Two(seconds, Day, "d", Hour, "h"),
            < 2 * Year => $"{seconds / Day}d",
            < 8 * Year => Two(seconds, Year, "y", Day, "d"),
            _ => $"{seconds / Year}y",
        };
    }

    /// <summary>The time since <paramref name="then"/>, or <c>&lt;unknown&gt;</c>.</summary>
    public static string Since(DateTime? then, DateTimeOffset now) => then is { } time ? Format(now.UtcDateTime - time.ToUniversalTime()) : "<unknown>";

    /// <summary>The time since <paramref name="then"/>, or <c>&lt;unknown&gt;</c>.</summary>
    public static string Since(DateTimeOffset? then, DateTimeOffset now) => then is { } time ? Format(now - time) : "<unknown>";

    private static string Two(long seconds, long major, string majorUnit, long minor, string minorUnit)
    {
        var rest = seconds % major / minor;
        return rest == 0 ? $"{seconds / major}{majorUnit}" : $"{seconds / major}{majorUnit}{rest}{minorUnit}";
    }
}
