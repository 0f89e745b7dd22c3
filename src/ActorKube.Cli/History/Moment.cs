using System.CommandLine;
using System.Globalization;
using ActorKube.Cli.CommandLine;

namespace ActorKube.Cli.History;

/// <summary>A moment of the past as people say it: <c>10 minutes ago</c>, <c>90s</c>, <c>yesterday</c>, <c>14:30</c>, <c>2026-01-31T15:04:05Z</c>; or a resourceVersion, <c>@123</c>.</summary>
/// <param name="Time">When; null where a revision is meant.</param>
/// <param name="Revision">The revision; null where a time is meant.</param>
internal sealed record Moment(DateTimeOffset? Time, long? Revision)
{
    private static readonly (string Word, TimeSpan Span)[] Units =
    [
        ("second", TimeSpan.FromSeconds(1)), ("sec", TimeSpan.FromSeconds(1)), ("minute", TimeSpan.FromMinutes(1)), ("min", TimeSpan.FromMinutes(1)),
        ("hour", TimeSpan.FromHours(1)), ("day", TimeSpan.FromDays(1)), ("week", TimeSpan.FromDays(7)),
    ];

    /// <summary>The present.</summary>
    public static Moment Now { get; } = new(null, null);

    /// <summary>The query parameter that asks the server for it; an empty value for the present.</summary>
    public (string Key, string? Value) Query => Revision is { } revision
        ? ("atRevision", revision.ToString(CultureInfo.InvariantCulture))
        : ("at", Time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));

    /// <summary>An option that takes a moment.</summary>
    public static Option<string?> Option(string name, string description) => Flags.Text(name, "MOMENT", $"{description}: '10 minutes ago', 2h, 14:30, 2026-01-31T15:04:05Z or @REVISION");

    /// <summary>An option that takes a time, and no revision.</summary>
    public static Option<string?> TimeOption(string name, string description) => Flags.Text(name, "TIME", $"{description}: '10 minutes ago', 2h, 14:30 or 2026-01-31T15:04:05Z");

    /// <summary>Reads a time as <see cref="Parse"/> does. Throws <see cref="CliException"/> for a revision as well: revisions of different kinds of objects are not in one order.</summary>
    public static Moment ParseTime(string? text, DateTimeOffset now) => Parse(text, now) is { Revision: null } time
        ? time
        : throw new CliException($"\"{text}\" is a revision, where a time is needed: say '10 minutes ago', 2h, 14:30 or 2026-01-31T15:04:05Z");

    /// <summary>Reads what the user said; the present where he said nothing. Throws <see cref="CliException"/> for what is no moment.</summary>
    public static Moment Parse(string? text, DateTimeOffset now) =>
        string.IsNullOrWhiteSpace(text) ? Now
        : text.StartsWith('@') ? new Moment(null, Number(text[1..]) ?? throw Wrong(text))
        : new Moment(TimeOf(text.Trim(), now) ?? throw Wrong(text), null);

    private static DateTimeOffset? TimeOf(string text, DateTimeOffset now)
    {
        if (text == "yesterday")
            return now.AddDays(-1);
        var words = text.EndsWith(" ago", StringComparison.Ordinal) ? text[..^4].TrimEnd() : text;
        if (GoDuration.TryParse(words, out var span, out _))
            return now - span.Duration();
        if (words.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var count, var unit] && (count is "a" or "an" ? 1 : Number(count)) is { } number
            && Units.FirstOrDefault(u => unit == u.Word || unit == u.Word + "s") is { Word: not null } known)
            return now - (number * known.Span);
        if (words != text)
            return null;
        var styles = text.Contains('T') || text.Contains('Z') ? DateTimeStyles.AssumeUniversal : DateTimeStyles.AssumeLocal;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, styles, out var time) ? time : null;
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1_000_000_000_000 ? number : null;

    private static CliException Wrong(string text) => new($"\"{text}\" is no moment: say '10 minutes ago', 2h, 14:30, 2026-01-31T15:04:05Z or @REVISION");
}
