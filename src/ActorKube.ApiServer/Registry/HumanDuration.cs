using System.Globalization;

namespace ActorKube.ApiServer.Registry;

/// <summary>Durations as <c>kubectl get</c> shows them: two units at most, fewer the longer it is, such as <c>90s</c>, <c>5m30s</c>, <c>2d3h</c>, <c>4y12d</c>.</summary>
public static class HumanDuration
{
    /// <summary>The time since <paramref name="then"/>, or <c>&lt;unknown&gt;</c>.</summary>
    public static string Since(DateTime? then, DateTimeOffset now) => then is { } time ? Format(now.UtcDateTime - time.ToUniversalTime()) : "<unknown>";

    /// <summary>A duration. Source: what kubectl prints for ages.</summary>
    public static string Format(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        if (seconds < -1)
        {
            return "<invalid>";
        }

        if (seconds < 0)
        {
            return "0s";
        }

        if (seconds < 60 * 2)
        {
            return Text($"{seconds}s");
        }

        var minutes = seconds / 60;
        if (minutes < 10)
        {
            return Two(minutes, "m", seconds % 60, "s");
        }

        if (minutes < 60 * 3)
        {
            return Text($"{minutes}m");
        }

        var hours = minutes / 60;
        if (hours < 8)
        {
            return Two(hours, "h", minutes % 60, "m");
        }

        if (hours < 48)
        {
            return Text($"{hours}h");
        }

        if (hours < 24 * 8)
        {
            return Two(hours / 24, "d", hours % 24, "h");
        }

        if (hours < 24 * 365 * 2)
        {
            return Text($"{hours / 24}d");
        }

        return hours < 24 * 365 * 8 ? Two(hours / 24 / 365, "y", hours / 24 % 365, "d") : Text($"{hours / 24 / 365}y");
    }

    private static string Two(long major, string majorUnit, long minor, string minorUnit) =>
        minor == 0 ? Text($"{major}{majorUnit}") : Text($"{major}{majorUnit}{minor}{minorUnit}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
