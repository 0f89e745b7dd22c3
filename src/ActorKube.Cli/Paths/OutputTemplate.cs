using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Paths;

/// <summary>The output formats that carry an argument: <c>jsonpath=…</c>, <c>jsonpath-as-json=…</c>, <c>custom-columns=…</c>, and the same from a file.</summary>
internal static class OutputTemplate
{
    /// <summary>Their names.</summary>
    public static readonly string[] Formats = ["custom-columns", "custom-columns-file", "jsonpath", "jsonpath-as-json", "jsonpath-file"];

    /// <summary>Whether the format is one of them.</summary>
    public static bool Is(string format) => Formats.Contains(NameOf(format));

    /// <summary>Whether it shows objects one by one, not as a List.</summary>
    public static bool IsTable(string format) => NameOf(format).StartsWith("custom-columns", StringComparison.Ordinal);

    /// <summary>Throws <see cref="CliException"/> where the argument makes no sense, before anything is asked of the server.</summary>
    public static void Check(string format) => Of([], format);

    /// <summary>What the format makes of an object or a List.</summary>
    public static string Of(JsonObject value, string format, bool headings = true)
    {
        var argument = format.Contains('=') ? format[(format.IndexOf('=') + 1)..] : "";
        switch (NameOf(format))
        {
            case "custom-columns":
                return CustomColumns.Parse(argument).Table(Items(value), headings);
            case "custom-columns-file":
                return CustomColumns.ParseFile(Read(argument)).Table(Items(value), headings);
            case "jsonpath-as-json":
                return JsonText.Indented(new JsonArray([.. JsonPath.Parse(Required(argument)).Find(value).Select(n => n?.DeepClone())])) + "\n";
            case "jsonpath-file":
                return JsonPath.Parse(Read(argument)).Text(value);
            default:
                return JsonPath.Parse(Required(argument)).Text(value);
        }
    }

    private static string NameOf(string format) => format.Split('=', 2)[0];

    private static string Required(string argument) => argument.Length > 0 ? argument : throw new CliException("template format specified but no template given");

    private static IEnumerable<JsonObject> Items(JsonObject value) => value.Text("kind").EndsWith("List", StringComparison.Ordinal) && value["items"] is JsonArray items ? items.OfType<JsonObject>() : [value];

    private static string Read(string file) => File.Exists(file) ? File.ReadAllText(file) : throw new CliException($"error reading --template {file}, open {file}: no such file or directory");
}
