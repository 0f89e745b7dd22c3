using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;

namespace ActorKube.ApiServer.Registry;

/// <summary>Says in words what differs between two specs, for errors about changes that are not allowed.</summary>
internal static class SpecDiff
{
    private const int MaxLines = 40;

    /// <summary>One line per value gone (<c>-</c>) and come (<c>+</c>), with its path.</summary>
    public static string Describe(object old, object changed)
    {
        var lines = new List<string>();
        Compare(JsonTree.Parse(ApiJson.Serialize(old)), JsonTree.Parse(ApiJson.Serialize(changed)), "", lines);
        var text = new StringBuilder();
        foreach (var line in lines.Take(MaxLines))
        {
            text.Append("  ").Append(line).Append('\n');
        }

        return lines.Count > MaxLines ? text.Append("  ...\n").ToString() : text.ToString();
    }

    private static void Compare(JsonNode? old, JsonNode? changed, string path, List<string> lines)
    {
        if (JsonNode.DeepEquals(old, changed))
        {
            return;
        }

        switch (old, changed)
        {
            case (JsonObject before, JsonObject after):
                foreach (var key in before.Select(p => p.Key).Union(after.Select(p => p.Key)).Order(StringComparer.Ordinal))
                {
                    Compare(before[key], after[key], path.Length == 0 ? key : $"{path}.{key}", lines);
                }

                break;
            case (JsonArray before, JsonArray after):
                for (var i = 0; i < Math.Max(before.Count, after.Count); i++)
                {
                    Compare(i < before.Count ? before[i] : null, i < after.Count ? after[i] : null, $"{path}[{i}]", lines);
                }

                break;
            default:
                if (old is not null)
                {
                    lines.Add($"- {path}: {old.ToJsonString()}");
                }

                if (changed is not null)
                {
                    lines.Add($"+ {path}: {changed.ToJsonString()}");
                }

                break;
        }
    }
}
