using System.Globalization;
using System.Text.RegularExpressions;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>
/// When a workload goes back to its last good revision by itself: what its annotations under <c>actorkube.io/</c> say. Durations are written as in <c>90s</c>, <c>5m</c>, <c>1h30m</c>.
/// </summary>
/// <param name="Restarts">A pod of the new revision whose containers restarted so often together makes it fail; 0 for never.</param>
/// <param name="Unready">A pod of the new revision that was not ready for so long makes it fail; null for never.</param>
/// <param name="Deadline">After so long a roll-out that is not complete fails. Only for StatefulSets and DaemonSets: a Deployment has <c>progressDeadlineSeconds</c>.</param>
/// <param name="Watch">How long a complete roll-out is still watched before its revision is a good one.</param>
/// <param name="Check">An HTTP request that every ready pod of the new revision must answer well; null for none.</param>
public sealed partial record RollbackRules(int Restarts, TimeSpan? Unready, TimeSpan Deadline, TimeSpan Watch, HttpCheck? Check)
{
    /// <summary>The annotation that switches it on, with <c>on-failure</c>.</summary>
    public const string Switch = "actorkube.io/rollback";

    private const string RestartsKey = "actorkube.io/rollback-restarts";
    private const string UnreadyKey = "actorkube.io/rollback-unready";
    private const string DeadlineKey = "actorkube.io/rollback-deadline";
    private const string WatchKey = "actorkube.io/rollback-watch";
    private const string CheckKey = "actorkube.io/rollback-http";

    private static readonly RollbackRules Default = new(3, null, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(1), null);

    /// <summary>Reads a workload's annotations.</summary>
    /// <param name="annotations">Its annotations.</param>
    /// <param name="error">What is wrong with them; null when nothing is.</param>
    /// <returns>The rules; null when it is off, or something is wrong.</returns>
    public static RollbackRules? Read(IDictionary<string, string>? annotations, out string? error)
    {
        error = null;
        if (annotations is null || !annotations.TryGetValue(Switch, out var mode) || mode is "" or "off")
            return null;
        if (mode != "on-failure")
        {
            error = $"{Switch}: \"{mode}\" is neither on-failure nor off";
            return null;
        }

        var rules = Default;
        foreach (var (key, text) in annotations)
        {
            rules = key switch
            {
                RestartsKey when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var restarts) => rules with { Restarts = restarts },
                UnreadyKey when Duration(text) is { } unready => rules with { Unready = unready },
                DeadlineKey when Duration(text) is { } deadline => rules with { Deadline = deadline },
                WatchKey when Duration(text) is { } watch => rules with { Watch = watch },
                CheckKey when HttpCheck.Parse(text) is { } check => rules with { Check = check },
                RestartsKey => Wrong(key, text, "a number", ref error),
                UnreadyKey or DeadlineKey or WatchKey => Wrong(key, text, "a duration such as 90s or 5m", ref error),
                CheckKey => Wrong(key, text, "a port and a path such as 8080/healthz", ref error),
                _ => rules,
            } ?? rules;
        }

        return error is null ? rules : null;
    }

    /// <summary>The duration that a text such as <c>1h30m</c> says; null for another text.</summary>
    internal static TimeSpan? Duration(string text)
    {
        if (text.Length == 0 || DurationShape().Match(text) is not { Success: true } match)
            return null;
        return TimeSpan.FromHours(Part("h")) + TimeSpan.FromMinutes(Part("m")) + TimeSpan.FromSeconds(Part("s"));

        int Part(string name) => match.Groups[name] is { Success: true } part ? int.Parse(part.ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    private static RollbackRules? Wrong(string key, string text, string expected, ref string? error)
    {
        error ??= $"{key}: \"{text}\" is not {expected}";
        return null;
    }

    [GeneratedRegex(@"^((?<h>\d{1,4})h)?((?<m>\d{1,5})m)?((?<s>\d{1,6})s)?$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationShape();
}

/// <summary>A GET that a healthy pod answers with a code below 400.</summary>
/// <param name="Port">Port of the pod.</param>
/// <param name="Path">Path with its leading slash.</param>
public sealed record HttpCheck(int Port, string Path)
{
    /// <summary>Reads <c>8080/healthz</c>; null for what is no port and path.</summary>
    internal static HttpCheck? Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var port = slash < 0 ? text : text[..slash];
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536
            ? new HttpCheck(number, slash < 0 ? "/" : text[slash..])
            : null;
    }
}
