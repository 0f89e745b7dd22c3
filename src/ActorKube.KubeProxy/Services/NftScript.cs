using System.Text;

namespace ActorKube.KubeProxy.Services;

/// <summary>
/// Writes input for <c>nft -f -</c>, which takes it all at once or not at all. Keeps in mind which shared chains the kernel has; they are
/// made when first needed and stay until the next full sync.
/// </summary>
/// <param name="table">Name of the table, family inet.</param>
/// <param name="mark">The bit of the packet mark that asks for masquerading.</param>
/// <param name="overlay">The device to other machines' pods.</param>
public sealed class NftScript(string table, int mark, string overlay = "ak-vxlan")
{
    private const int ElementsPerLine = 500;
    private readonly HashSet<string> _spreads = [];
    private readonly Dictionary<Scope, int> _slots = [];

    /// <summary>
    /// Replaces the table. In one transaction: packets see the old table or the new one.
    /// </summary>
    /// <param name="ruleset">Everything that must hold.</param>
    /// <param name="clients">For the sets of session affinity: clients they hold now, in nft's words with their remaining time; they are kept.</param>
    public string Full(Ruleset ruleset, IReadOnlyDictionary<string, IReadOnlyList<string>> clients)
    {
        _spreads.Clear();
        _slots.Clear();
        var objects = new List<Fact>();
        var elements = new Dictionary<string, List<Fact>>();
        foreach (var fact in ruleset.Facts)
        {
            if (fact.IsObject)
            {
                objects.Add(fact);
            }
            else
            {
                (elements.TryGetValue(fact.Container, out var list) ? list : elements[fact.Container] = []).Add(fact);
            }
        }

        var shared = new StringBuilder();
        foreach (var scope in Scope.All)
        {
            foreach (var verdict in (elements.GetValueOrDefault(scope.Name) ?? []).Select(f => f.Value!).Distinct())
            {
                Share(scope, verdict, (_, chain, rule) => shared.Append($"  chain {chain} {{\n    {rule}\n  }}\n"));
            }
        }

        var text = new StringBuilder($"table inet {table}\ndelete table inet {table}\ntable inet {table} {{\n");
        foreach (var (name, declaration) in NftSchema.Containers)
        {
            Declare(name, declaration, elements.GetValueOrDefault(name)?.Select(Element));
        }

        foreach (var (scope, count) in _slots)
        {
            for (var slot = 0; slot < count; slot++)
            {
                Declare(scope.Slot(slot), NftSchema.SlotMap(scope), elements.GetValueOrDefault(scope.Slot(slot))?.Select(Element));
            }
        }

        foreach (var set in objects.Where(o => o.Container == Fact.Set))
        {
            Declare(set.Key, set.Value!, clients.GetValueOrDefault(set.Key));
        }

        text.Append(shared);
        foreach (var chain in objects.Where(o => o.Container == Fact.Chain))
        {
            text.Append($"  chain {chain.Key} {{\n    {chain.Value!.Replace("\n", "\n    ")}\n  }}\n");
        }

        return text.Append(NftSchema.Chains(mark, overlay)).Append("}\n").ToString();

        void Declare(string name, string declaration, IEnumerable<string>? content)
        {
            text.Append($"  {KindOf(declaration)} {name} {{ {declaration}");
            if (content is not null && string.Join(", ", content) is { Length: > 0 } list)
            {
                text.Append($" elements = {{ {list} }}");
            }

            text.Append(" }\n");
        }
    }

    /// <summary>Only what changed, or null when nothing did. The order is one the kernel accepts: what is referred to exists.</summary>
    public string? Incremental(IReadOnlyList<FactChange> changes)
    {
        if (changes.Count == 0)
        {
            return null;
        }

        var (sets, chains, rules, removals, additions, ends) = (new StringBuilder(), new StringBuilder(), new StringBuilder(), new StringBuilder(), new StringBuilder(), new StringBuilder());
        var gone = changes.Where(c => c.Fact.IsObject && !c.Added).Select(c => (c.Fact.Container, c.Fact.Key)).ToHashSet();
        var come = changes.Where(c => c.Fact.IsObject && c.Added).Select(c => (c.Fact.Container, c.Fact.Key)).ToHashSet();
        foreach (var (fact, _) in changes.Where(c => c.Added))
        {
            if (fact.Container == Fact.Set)
            {
                sets.Append($"add set inet {table} {fact.Key} {{ {fact.Value} }}\n");
            }
            else if (fact.Container == Fact.Chain)
            {
                chains.Append(gone.Contains((fact.Container, fact.Key)) ? $"flush chain inet {table} {fact.Key}\n" : $"add chain inet {table} {fact.Key}\n");
                AddRules(fact.Key, fact.Value!);
            }
            else if (fact.Value is not null && Scope.All.FirstOrDefault(s => s.Name == fact.Container) is { } scope)
            {
                Share(scope, fact.Value, (map, chain, rule) =>
                {
                    if (map is not null)
                    {
                        sets.Append($"add map inet {table} {map} {{ {NftSchema.SlotMap(scope)} }}\n");
                    }

                    chains.Append($"add chain inet {table} {chain}\n");
                    AddRules(chain, rule);
                });
            }
        }

        // A set whose time changes cannot be changed in place: the kernel refuses, and a full sync follows.
        foreach (var (container, name) in gone.Where(g => !come.Contains(g)).OrderBy(g => g.Container == Fact.Chain ? 0 : 1))
        {
            ends.Append(container == Fact.Chain ? $"delete chain inet {table} {name}\n" : $"delete set inet {table} {name}\n");
            if (container == Fact.Chain)
            {
                rules.Append($"flush chain inet {table} {name}\n");
            }
        }

        Elements(removals, "delete", changes.Where(c => !c.Added && !c.Fact.IsObject));
        Elements(additions, "add", changes.Where(c => c.Added && !c.Fact.IsObject));
        return sets.Append(chains).Append(rules).Append(removals).Append(additions).Append(ends).ToString();

        void AddRules(string chain, string lines)
        {
            foreach (var line in lines.Split('\n'))
            {
                rules.Append($"add rule inet {table} {chain} {line}\n");
            }
        }
    }

    private void Elements(StringBuilder text, string verb, IEnumerable<FactChange> changes)
    {
        foreach (var group in changes.GroupBy(c => c.Fact.Container))
        {
            foreach (var line in group.Chunk(ElementsPerLine))
            {
                text.Append($"{verb} element inet {table} {group.Key} {{ {string.Join(", ", line.Select(c => Element(c.Fact)))} }}\n");
            }
        }
    }

    /// <summary>Sees to the chains that a verdict of a scope's map leads to.</summary>
    private void Share(Scope scope, string verdict, Action<string?, string, string> make)
    {
        var wanted = verdict == scope.Spread(1) ? 1
            : verdict.StartsWith("goto " + scope.SpreadPrefix, StringComparison.Ordinal) ? int.Parse(verdict.AsSpan("goto ".Length + scope.SpreadPrefix.Length))
            : 0;
        for (var slot = _slots.GetValueOrDefault(scope); slot < wanted; slot++)
        {
            make(scope.Slot(slot), scope.Slot(slot), NftSchema.SlotRule(scope, slot));
            _slots[scope] = slot + 1;
        }

        if (wanted > 1 && _spreads.Add(verdict))
        {
            make(null, verdict["goto ".Length..], NftSchema.SpreadRule(scope, wanted));
        }
    }

    private static string KindOf(string declaration) => declaration.Contains(" : ", StringComparison.Ordinal) ? "map" : "set";

    private static string Element(Fact fact) => fact.Value is null ? fact.Key : $"{fact.Key} : {fact.Value}";
}
