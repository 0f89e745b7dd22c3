using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Change;

/// <summary>The limits and requests that <c>set resources</c> gives containers. Pure.</summary>
/// <param name="Limits">Resource and amount.</param>
/// <param name="Requests">Resource and amount.</param>
internal sealed record ResourceChanges(IReadOnlyDictionary<string, string> Limits, IReadOnlyDictionary<string, string> Requests)
{
    /// <summary>Reads <c>cpu=200m,memory=512Mi</c>, already split at the commas.</summary>
    public static ResourceChanges Read(string[]? limits, string[]? requests)
    {
        var changes = new ResourceChanges(Amounts(limits ?? []), Amounts(requests ?? []));
        return changes.Limits.Count + changes.Requests.Count > 0
            ? changes
            : throw new CliException("you must specify an update to requests or limits (in the form of --requests/--limits)");
    }

    /// <summary>The patch of an object; null where nothing changes.</summary>
    /// <param name="value">The object.</param>
    /// <param name="containers">Which containers: a name or a pattern.</param>
    public JsonObject? PatchOf(JsonObject value, string containers)
    {
        var chosen = PodTemplates.Required(value, init: false).Where(c => PodTemplates.Matches(containers, c.Container.Text("name"))).ToList();
        return chosen.Count == 0
            ? throw new CliException($"unable to find container named {containers}")
            : PodTemplates.Patch(value, chosen.Select(c => (c.List, c.Container.Text("name"), Change(c.Container))).Where(c => c.Item3.Count > 0));
    }

    private JsonObject Change(JsonNode container)
    {
        var resources = new JsonObject();
        foreach (var (field, amounts) in new[] { ("limits", Limits), ("requests", Requests) })
        {
            var changed = amounts.Where(a => container.Text("resources", field, a.Key) != a.Value).ToList();
            if (changed.Count > 0)
                resources[field] = new JsonObject(changed.Select(a => KeyValuePair.Create<string, JsonNode?>(a.Key, a.Value)));
        }

        return resources.Count == 0 ? [] : new JsonObject { ["resources"] = resources };
    }

    private static Dictionary<string, string> Amounts(string[] words)
    {
        var amounts = new Dictionary<string, string>();
        foreach (var word in words)
        {
            if (word.Split('=') is not [{ Length: > 0 } resource, var amount])
                throw new CliException($"invalid argument syntax {word}, expected <resource>=<value>");
            amounts[resource] = Quantity.TryParse(amount, out var quantity) ? quantity.ToString() : throw new CliException($"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        }

        return amounts;
    }
}
