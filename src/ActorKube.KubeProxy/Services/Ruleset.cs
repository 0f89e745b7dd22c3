namespace ActorKube.KubeProxy.Services;

/// <summary>
/// All facts that must hold, by who asks for them (a Service, or the nodes), and what changed since last asked. Two owners may ask for the
/// same key, as when two Services claim one external address: the first by name has it, and the other takes over when it goes.
/// Work is in proportion to the change, not to the number of Services. Not thread-safe: the actor owns it.
/// </summary>
public sealed class Ruleset
{
    private readonly Dictionary<string, IReadOnlyList<Fact>> _byOwner = [];
    private readonly Dictionary<(string Container, string Key), Claim> _claims = [];
    private readonly Dictionary<(string Container, string Key), (bool Held, string? Value)> _before = [];

    /// <summary>How many keys are held.</summary>
    public int Count => _claims.Count;

    /// <summary>Owners that ask for something.</summary>
    public IReadOnlyCollection<string> Owners => _byOwner.Keys;

    /// <summary>All facts that hold.</summary>
    public IEnumerable<Fact> Facts => _claims.Select(c => new Fact(c.Key.Container, c.Key.Key, c.Value.Value));

    /// <summary>What a key leads to; false when it is not held.</summary>
    public bool TryGet(string container, string key, out string? value)
    {
        var held = _claims.TryGetValue((container, key), out var claim);
        value = held ? claim.Value : null;
        return held;
    }

    /// <summary>Replaces what the owner asks for; an empty list forgets the owner.</summary>
    public void Put(string owner, IReadOnlyList<Fact> facts)
    {
        if (_byOwner.Remove(owner, out var old))
        {
            if (old.SequenceEqual(facts))
            {
                _byOwner[owner] = old;
                return;
            }

            foreach (var fact in old)
            {
                Release(owner, fact);
            }
        }

        if (facts.Count > 0)
        {
            _byOwner[owner] = facts;
            foreach (var fact in facts)
            {
                Take(owner, fact);
            }
        }
    }

    /// <summary>What changed since the last call, taken together: a fact that went and came back is not among them.</summary>
    public IReadOnlyList<FactChange> TakeChanges()
    {
        var changes = new List<FactChange>(_before.Count);
        foreach (var ((container, key), (held, value)) in _before)
        {
            var holds = _claims.TryGetValue((container, key), out var claim);
            if (held && holds && value == claim.Value)
            {
                continue;
            }

            if (held)
            {
                changes.Add(new FactChange(new Fact(container, key, value), false));
            }

            if (holds)
            {
                changes.Add(new FactChange(new Fact(container, key, claim.Value), true));
            }
        }

        _before.Clear();
        return changes;
    }

    private void Take(string owner, Fact fact)
    {
        var key = (fact.Container, fact.Key);
        if (!_claims.TryGetValue(key, out var claim))
        {
            _before.TryAdd(key, (false, null));
            _claims[key] = new Claim(owner, fact.Value, null);
            return;
        }

        _before.TryAdd(key, (true, claim.Value));
        _claims[key] = claim.With(owner, fact.Value);
    }

    private void Release(string owner, Fact fact)
    {
        var key = (fact.Container, fact.Key);
        var claim = _claims[key];
        _before.TryAdd(key, (true, claim.Value));
        if (claim.Without(owner, fact.Value) is { } rest)
        {
            _claims[key] = rest;
        }
        else
        {
            _claims.Remove(key);
        }
    }

    /// <summary>Nearly all keys have one owner; the others keep a sorted list.</summary>
    private readonly record struct Claim(string Owner, string? Value, IReadOnlyList<(string Owner, string? Value)>? Others)
    {
        public Claim With(string owner, string? value) => From([.. Others ?? [], (Owner, Value), (owner, value)])!.Value;

        public Claim? Without(string owner, string? value)
        {
            var all = new List<(string Owner, string? Value)>(Others ?? []) { (Owner, Value) };
            all.Remove((owner, value));
            return From(all);
        }

        private static Claim? From(List<(string Owner, string? Value)> all)
        {
            all.Sort((a, b) => string.CompareOrdinal(a.Owner, b.Owner) is var order && order != 0 ? order : string.CompareOrdinal(a.Value, b.Value));
            return all.Count == 0 ? null : new Claim(all[0].Owner, all[0].Value, all.Count == 1 ? null : all[1..]);
        }
    }
}
