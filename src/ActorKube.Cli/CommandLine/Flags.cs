using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ActorKube.Cli.CommandLine;

/// <summary>Makes options whose errors are worded as kubectl words them.</summary>
internal static class Flags
{
    public static Option<bool> Switch(string name, string description, params string[] aliases) => new(name, aliases) { Description = description };

    /// <summary>A switch that is on unless <c>=false</c> is said.</summary>
    public static Option<bool> On(string name, string description) => new(name) { Description = description, DefaultValueFactory = _ => true };

    public static Option<string?> Text(string name, string value, string description, params string[] aliases) => new(name, aliases) { Description = description, HelpName = value };

    /// <summary>May be given several times, or once with commas.</summary>
    public static Option<string[]> Texts(string name, string value, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = value,
        CustomParser = result => [.. result.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))],
    };

    public static Option<long?> Number(string name, string value, string description, params string[] aliases) => new(name, aliases)
    {
        Description = description,
        HelpName = value,
        CustomParser = result => long.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : Invalid(result, name, "it must be a whole number"),
    };

    public static Option<TimeSpan?> Duration(string name, string value, string description) => new(name)
    {
        Description = description,
        HelpName = value,
        CustomParser = result => GoDuration.TryParse(result.Tokens[0].Value, out var span, out var error) ? span : InvalidSpan(result, name, error),
    };

    public static Option<string[]> Filename(string verb) => Texts("--filename", "FILE", $"File, folder, URL or - for standard input with the objects to {verb}", "-f");

    public static Option<bool> Recursive() => Switch("--recursive", "Read folders given with -f with all that is below them", "-R");

    public static Option<string?> Selector() => Text("--selector", "SELECTOR", "Only objects with these labels: 'app=web,tier!=db' or 'tier in (web, api)'", "-l");

    public static Option<string?> FieldSelector() => Text("--field-selector", "SELECTOR", "Only objects with these fields: 'status.phase=Running'");

    public static Option<bool> AllNamespaces() => Switch("--all-namespaces", "Objects of every namespace", "-A");

    public static Option<string?> Container() => Text("--container", "NAME", "The container; else the one annotated as default, else the first", "-c");

    /// <summary><c>none</c>, <c>client</c> or <c>server</c>; the bare flag means <c>client</c>.</summary>
    public static Option<string?> DryRun() => Text("--dry-run", "none|server|client", "'server': let the server check everything and keep nothing; 'client': only tell what would be sent");

    private static long? Invalid(ArgumentResult result, string flag, string why)
    {
        result.AddError($"invalid argument \"{result.Tokens[0].Value}\" for \"{flag}\" flag: {why}");
        return null;
    }

    private static TimeSpan? InvalidSpan(ArgumentResult result, string flag, string why)
    {
        Invalid(result, flag, why);
        return null;
    }
}
