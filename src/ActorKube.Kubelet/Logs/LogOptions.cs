using System.Globalization;

namespace ActorKube.Kubelet.Logs;

/// <summary>Which part of a log somebody wants, as the query of <c>kubectl logs</c> says it.</summary>
internal sealed record LogOptions
{
    public bool Follow { get; init; }

    public bool Previous { get; init; }

    public bool Timestamps { get; init; }

    public long? TailLines { get; init; }

    public long? LimitBytes { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary><c>All</c>, <c>Stdout</c> or <c>Stderr</c>.</summary>
    public string Stream { get; init; } = "All";

    /// <summary>Reads the query; the error is the sentence for a 400.</summary>
    public static LogOptions? Parse(Func<string, string?> query, DateTimeOffset now, out string? error)
    {
        error = null;
        if (!TryLong(query("tailLines"), 0, out var tail) || !TryLong(query("limitBytes"), 1, out var limit) || !TryLong(query("sinceSeconds"), 1, out var seconds))
        {
            error = "Unable to decode query.";
            return null;
        }

        DateTimeOffset? since = seconds is { } s ? now - TimeSpan.FromSeconds(s) : null;
        if (query("sinceTime") is { Length: > 0 } text)
        {
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                error = "Unable to decode query.";
                return null;
            }

            since = time;
        }

        return new LogOptions
        {
            Follow = Flag(query("follow")),
            Previous = Flag(query("previous")),
            Timestamps = Flag(query("timestamps")),
            TailLines = tail,
            LimitBytes = limit,
            Since = since,
            Stream = query("stream") is { Length: > 0 } stream ? stream : "All",
        };
    }

    /// <summary>Whether a query parameter is set: <c>true</c>, <c>1</c>, or there without a value.</summary>
    public static bool Flag(string? value) => value is "" or "1" || (bool.TryParse(value, out var b) && b);

    private static bool TryLong(string? text, long min, out long? value)
    {
        value = null;
        if (string.IsNullOrEmpty(text))
            return true;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) || n < min)
            return false;
        value = n;
        return true;
    }
}
