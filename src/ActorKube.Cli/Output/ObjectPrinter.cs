using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Paths;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Output;

/// <summary>Objects as <c>-o yaml</c>, <c>-o json</c> and <c>-o name</c> show them.</summary>
internal static class ObjectPrinter
{
    /// <summary>The formats it knows.</summary>
    public static readonly string[] Formats = [.. OutputTemplate.Formats.Concat(["json", "name", "yaml"]).Order(StringComparer.Ordinal)];

    /// <summary>Throws <see cref="CliException"/> where a format is none of these and not <paramref name="also"/>; an empty one is fine.</summary>
    public static void Check(string format, string also = "")
    {
        if (OutputTemplate.Is(format))
            OutputTemplate.Check(format);
        else if (format.Length > 0 && format != also && !Formats.Contains(format))
            throw new CliException($"unable to match a printer suitable for the output format \"{format}\", allowed formats are: {string.Join(',', Formats.Concat(also.Length > 0 ? [also] : []).Order(StringComparer.Ordinal))}");
    }

    /// <summary>One object, with a line feed at the end.</summary>
    public static string Of(JsonObject value, string format, ResourceKind kind, bool managedFields = false, bool headings = true)
    {
        if (format == "name")
            return $"{new ResourceName(kind, value.Text("metadata", "name"))}\n";
        if (!managedFields)
            HideManagedFields(value);
        if (OutputTemplate.Is(format))
            return OutputTemplate.Of(value, format, headings);
        return format == "json" ? JsonText.Indented(value) + "\n" : YamlText.Of(value);
    }

    /// <summary>Several objects as one List.</summary>
    public static JsonObject ListOf(IEnumerable<JsonObject> items) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "List",
        ["metadata"] = new JsonObject { ["resourceVersion"] = "" },
        ["items"] = new JsonArray([.. items]),
    };

    /// <summary>The objects of a list the server sent, each saying what it is.</summary>
    public static IReadOnlyList<JsonObject> ItemsOf(JsonObject list, ResourceKind kind)
    {
        if (list["items"] is not JsonArray items)
            return [list];
        var objects = items.OfType<JsonObject>().ToList();
        items.Clear();
        foreach (var item in objects)
            (item["apiVersion"], item["kind"]) = (kind.ApiVersion, kind.Kind);
        return objects;
    }

    // Who set which field is bookkeeping of the server, and longer than the object.
    private static void HideManagedFields(JsonObject value)
    {
        (value["metadata"] as JsonObject)?.Remove("managedFields");
        foreach (var item in value.List("items"))
            (item["metadata"] as JsonObject)?.Remove("managedFields");
    }
}
