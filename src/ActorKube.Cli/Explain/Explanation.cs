using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Explain;

/// <summary>What a kind and its fields are, from the server's own schemas. Pure.</summary>
internal sealed class Explanation(Schemas schemas, ResourceKind kind)
{
    private const int Width = 76;

    /// <summary>The text about the kind, or about the field that a path leads to.</summary>
    public string Of(IReadOnlyList<string> path, bool recursive)
    {
        var text = new StringBuilder();
        if (kind.Group.Length > 0)
            text.Append("GROUP:      ").Append(kind.Group).Append('\n');
        text.Append("KIND:       ").Append(kind.Kind).Append("\nVERSION:    ").Append(kind.Version).Append("\n\n");
        var schema = schemas.Of(kind.Group, kind.Version, kind.Kind) ?? throw new CliException($"the server says nothing about {kind.Kind} in {kind.ApiVersion}");
        JsonNode? parent = null;
        foreach (var name in path)
        {
            parent = schemas.Inner(schema);
            schema = parent.At("properties", name) ?? throw new CliException($"field \"{name}\" does not exist");
        }

        if (path.Count > 0)
        {
            text.Append("FIELD: ").Append(path[^1]).Append(" <").Append(Schemas.TypeOf(schema)).Append('>').Append(IsRequired(parent, path[^1]) ? " -required-" : "").Append("\n\n");
            Values(text, schema, "");
        }

        text.Append(path.Count > 0 ? "\n" : "").Append("DESCRIPTION:\n");
        Paragraphs(text, schemas.Description(schema) is { Length: > 0 } about ? about : "<empty>", 4, Width);
        text.Append("    \n");
        var inner = schemas.Inner(schema);
        if (inner.At("properties") is not null)
        {
            text.Append("FIELDS:\n");
            Fields(text, inner, 1, recursive, []);
        }

        return text.Append('\n').ToString();
    }

    private void Fields(StringBuilder text, JsonNode? owner, int level, bool recursive, IReadOnlyList<JsonNode> above)
    {
        foreach (var (name, field) in owner.Map("properties"))
        {
            var pad = new string(' ', level * 2);
            text.Append(pad).Append(name).Append("\t<").Append(Schemas.TypeOf(field)).Append('>').Append(IsRequired(owner, name) ? " -required-" : "").Append('\n');
            Values(text, field, pad);
            if (!recursive)
            {
                Paragraphs(text, field.Text("description") is { Length: > 0 } about ? about : "<no description>", 4, Width);
                text.Append('\n');
                continue;
            }

            // A schema may lead to itself, as that of schemas does.
            if (schemas.Inner(field) is { } inner && inner.At("properties") is not null && !above.Contains(inner))
                Fields(text, inner, level + 1, recursive, [.. above, inner]);
        }
    }

    private static bool IsRequired(JsonNode? owner, string name) => owner.List("required").Any(r => r.Text() == name);

    private static void Values(StringBuilder text, JsonNode? schema, string pad)
    {
        if (Schemas.Values(schema) is { Count: > 0 } values)
            text.Append(pad).Append("enum: ").AppendJoin(", ", values.Take(4)).Append(values.Count > 4 ? ", ...." : "").Append('\n');
    }

    private static void Paragraphs(StringBuilder text, string paragraphs, int indent, int width)
    {
        var pad = new string(' ', indent);
        foreach (var paragraph in paragraphs.Split('\n'))
        {
            var line = new StringBuilder();
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length > 0 && line.Length + 1 + word.Length > width)
                {
                    text.Append(pad).Append(line).Append('\n');
                    line.Clear();
                }

                line.Append(line.Length > 0 ? " " : "").Append(word);
            }

            text.Append(pad).Append(line).Append('\n');
        }
    }
}
