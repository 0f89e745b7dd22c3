using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Change;

/// <summary>An object as an editor shows it, and what the user made of it. Pure.</summary>
internal static class EditText
{
    private const string Head = """
        # Please edit the object below. Lines beginning with a '#' will be ignored,
        # and an empty file will abort the edit. If an error occurs while saving this file will be
        # reopened with the relevant failures.
        #

        """;

    /// <summary>The text for the editor; what was wrong with the last attempt goes above the object.</summary>
    public static string Of(JsonObject value, string? failure = null)
    {
        var copy = value.DeepClone().AsObject();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        return With(YamlText.Of(copy), failure);
    }

    /// <summary>The text that the user left, without the comments of the last attempt, under those of this one.</summary>
    public static string Again(string text, string failure) => With(Body(text), failure);

    /// <summary>The text without its comments.</summary>
    public static string Body(string text) => string.Concat(text.Split('\n').Where(l => !l.StartsWith('#')).Select(l => l + "\n")).Trim('\n') + "\n";

    /// <summary>The object that a text says; null for an empty one. Throws <see cref="CliException"/> where it says none.</summary>
    public static JsonObject? Read(string text)
    {
        if (Body(text).Trim().Length == 0)
            return null;
        if (!YamlJson.TryConvert(Encoding.UTF8.GetBytes(text), out var json, out var duplicates, out var error))
            throw new CliException($"error parsing edited-file: {error}");
        if (duplicates.Count > 0)
            throw new CliException($"error parsing edited-file: {string.Join("; ", duplicates)}");
        return JsonNode.Parse(json) as JsonObject ?? throw new CliException("error parsing edited-file: it holds no object");
    }

    /// <summary>The JSON merge patch that makes <paramref name="after"/> of <paramref name="before"/>; empty where they are the same.</summary>
    public static JsonObject Patch(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (key, value) in after)
        {
            if (!before.TryGetPropertyValue(key, out var old))
                patch[key] = value?.DeepClone();
            else if (old is JsonObject was && value is JsonObject now)
                AddInner(patch, key, Patch(was, now));
            else if (!JsonNode.DeepEquals(old, value))
                patch[key] = value?.DeepClone();
        }

        foreach (var (key, _) in before.Where(p => !after.ContainsKey(p.Key)))
            patch[key] = null;
        return patch;
    }

    private static void AddInner(JsonObject patch, string key, JsonObject inner)
    {
        if (inner.Count > 0)
            patch[key] = inner;
    }

    private static string With(string body, string? failure) => failure is null
        ? Head + body
        : Head + string.Concat(failure.Split('\n').Select(l => $"# {l}\n")) + "#\n" + body;
}
