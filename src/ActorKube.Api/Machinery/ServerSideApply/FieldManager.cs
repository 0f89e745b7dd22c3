using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>What changed between two forms of an object, as one version names the fields; null for a version that is not served.</summary>
public delegate Comparison? CompareAt(string apiVersion);

/// <summary>
/// Keeps the managedFields of the objects of one kind for the writers at one URL: who owns which field, and, for appliers, what an object becomes.
/// It holds nothing of any object: one instance serves all requests at once.
/// </summary>
public sealed partial class FieldManager
{
    /// <summary>How many entries of updaters an object keeps. When there are more, the oldest are merged.</summary>
    public const int MaxUpdateManagers = 10;

    private const string AncientChanges = "ancient-changes";
    private const string BeforeFirstApply = "before-first-apply";

    // What no manager ever owns: an object's identity and what the server sets.
    private static readonly FieldSet NeverOwned = FieldSet.OfFields("apiVersion")
        .Union(FieldSet.OfFields("kind"))
        .Union(FieldSet.OfFields("metadata"))
        .Union(FieldSet.Of(new[] { "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion" }
            .Select(n => new List<PathElement> { PathElement.Field("metadata"), PathElement.Field(n) })));

    /// <summary>Type of the objects.</summary>
    public required IFieldSchema Schema { get; init; }

    /// <summary>The version at the URL.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>The kind at the URL.</summary>
    public required string Kind { get; init; }

    /// <summary>The subresource at the URL; empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>What writers at the URL may touch, by version: what is reset on the way is not owned. The version at the URL must be among them when any is.</summary>
    public IReadOnlyDictionary<string, FieldFilter> Filters { get; init; } = new Dictionary<string, FieldFilter>();

    /// <summary>Types of the objects in other versions; null for a version that is not served.</summary>
    public Func<string, IFieldSchema?> SchemaOf { get; init; } = _ => null;

    /// <summary>
    /// The managedFields after an update or a patch other than apply. An object whose fields nobody manages stays so until somebody applies it.
    /// </summary>
    /// <param name="live">Metadata of the object as it is; null for a new one.</param>
    /// <param name="changed">Metadata of the object as it shall be, with the managedFields that the client sent.</param>
    /// <param name="compare">What changes.</param>
    /// <param name="manager">Who writes.</param>
    /// <param name="now">The time.</param>
    public IList<V1ManagedFieldsEntry>? Update(V1ObjectMeta? live, V1ObjectMeta changed, CompareAt compare, string manager, DateTime now)
    {
        // The common case: nobody touches the entries themselves, so without a change of a field there is nothing to do.
        if (live is not null && (Subresource.Length > 0 || changed.ManagedFields is null || IsLive(changed.ManagedFields, live.ManagedFields))
            && (live.ManagedFields is not { Count: > 0 } || compare(ApiVersion) is { IsSame: true }))
        {
            return live.ManagedFields is { Count: > 0 } ? live.ManagedFields : null;
        }

        var managed = Start(live, changed);
        if (managed.IsEmpty && live is not null)
        {
            return null;
        }

        Record(managed, new ManagerIdentity(Name(manager), false, ApiVersion, Subresource), compare, now);
        CapUpdaters(managed);
        return managed.Write();
    }

    // A client may edit the entries of an object, or ask to forget them; what it cannot have meant so counts as not sent.
    private ManagedFields Start(V1ObjectMeta? live, V1ObjectMeta changed)
    {
        if (Subresource.Length == 0)
        {
            if (ManagedFields.IsReset(changed.ManagedFields))
            {
                return ManagedFields.Empty();
            }

            if (ManagedFields.TryRead(changed.ManagedFields, out var sent, out _) && !sent.IsEmpty)
            {
                return sent;
            }
        }

        return ManagedFields.TryRead(live?.ManagedFields, out var kept, out _) ? kept : ManagedFields.Empty();
    }

    // Whether a client sends back the entries it read. Those that it did get the sets that were read before.
    private static bool IsLive(IList<V1ManagedFieldsEntry> sent, IList<V1ManagedFieldsEntry>? live)
    {
        if (ReferenceEquals(sent, live))
        {
            return true;
        }

        var same = sent.Count == (live?.Count ?? 0);
        for (var i = 0; i < sent.Count; i++)
        {
            var (mine, known) = (sent[i], i < live?.Count ? live[i] : null);
            var isKnown = mine.FieldsV1 is not null && known?.FieldsV1 is not null && known.ApiVersion == mine.ApiVersion
                && FieldsV1.From(known.FieldsV1).Json.Span.SequenceEqual(FieldsV1.From(mine.FieldsV1).Json.Span);
            mine.FieldsV1 = isKnown ? known!.FieldsV1 : mine.FieldsV1;
            same &= isKnown && known!.Manager == mine.Manager && known.Operation == mine.Operation && known.Time == mine.Time
                && known.FieldsType == mine.FieldsType && (known.Subresource ?? "") == (mine.Subresource ?? "");
        }

        return same;
    }

    /// <summary>Gives what changed to the manager and takes it from all others.</summary>
    private void Record(ManagedFields managed, ManagerIdentity self, CompareAt compare, DateTime now)
    {
        var comparison = Filtered(compare, ApiVersion) ?? Comparison.None;
        TakeFromOthers(managed, self, compare, comparison, conflicts: null);
        var set = comparison.Changed.Difference(NeverOwned);
        var previous = managed.Entries.GetValueOrDefault(self);
        var fields = previous is null ? set : previous.Fields.SetFor(Schema).Difference(comparison.Removed).Union(set);
        if (fields.IsEmpty)
        {
            managed.Entries.Remove(self);
        }
        else if (previous is null || !ReferenceEquals(fields, previous.Fields.Set) || !set.IsEmpty)
        {
            var unchanged = previous is not null && ReferenceEquals(fields, previous.Fields.Set) ? previous.Fields : new FieldsV1(fields);
            managed.Entries[self] = new ManagedEntry(unchanged, ApiVersion, set.IsEmpty ? previous!.Time : now);
        }
    }

    /// <summary>
    /// Takes what changed from every manager but one: what has another value now, and what is gone. With a list for conflicts nothing is taken when there are any.
    /// </summary>
    private void TakeFromOthers(ManagedFields managed, ManagerIdentity? self, CompareAt compare, Comparison own, List<ApplyConflict>? conflicts)
    {
        var left = new Dictionary<ManagerIdentity, FieldSet?>();
        foreach (var (identity, entry) in managed.Entries)
        {
            if (identity == self)
            {
                continue;
            }

            var comparison = entry.ApiVersion == ApiVersion ? own : Filtered(compare, entry.ApiVersion);
            if (comparison is null || SchemaAt(entry.ApiVersion) is not { } schema)
            {
                // A version that is no longer served owns nothing.
                left[identity] = null;
                continue;
            }

            var set = entry.Fields.SetFor(schema);
            var lost = set.Intersects(comparison.Changed) ? set.Intersection(comparison.Changed) : FieldSet.Empty;
            if (conflicts is not null && !lost.IsEmpty)
            {
                conflicts.AddRange(lost.Paths().Select(p => new ApplyConflict(identity, p)));
            }

            var rest = set.Difference(lost).Difference(comparison.Removed);
            if (!ReferenceEquals(rest, entry.Fields.Set))
            {
                left[identity] = rest;
            }
        }

        if (conflicts is { Count: > 0 })
        {
            return;
        }

        foreach (var (identity, rest) in left)
        {
            if (rest is null or { IsEmpty: true })
            {
                managed.Entries.Remove(identity);
            }
            else
            {
                managed.Entries[identity] = managed.Entries[identity] with { Fields = new FieldsV1(rest) };
            }
        }
    }

    private Comparison? Filtered(CompareAt compare, string apiVersion) =>
        compare(apiVersion) is not { } comparison ? null : Filters.TryGetValue(apiVersion, out var filter) ? comparison.Filter(filter) : comparison;

    private IFieldSchema? SchemaAt(string apiVersion) => apiVersion == ApiVersion ? Schema : SchemaOf(apiVersion);

    private static string Name(string manager) => manager.Length == 0 ? "unknown" : manager;

    // The oldest entries of one version are merged into one until there are no more than the limit.
    private static void CapUpdaters(ManagedFields managed)
    {
        var updaters = managed.Entries.Keys.Where(k => !k.IsApply).ToList();
        if (updaters.Count <= MaxUpdateManagers)
        {
            return;
        }

        updaters.Sort((a, b) =>
        {
            var order = ManagedFields.Seconds(managed.Entries[a].Time).CompareTo(ManagedFields.Seconds(managed.Entries[b].Time));
            return order != 0 ? order : string.CompareOrdinal(SortKey(a), SortKey(b));
        });
        var firsts = new Dictionary<string, ManagerIdentity>(StringComparer.Ordinal);
        var count = updaters.Count;
        foreach (var updater in updaters)
        {
            if (count <= MaxUpdateManagers)
            {
                break;
            }

            var entry = managed.Entries[updater];
            if (firsts.TryAdd(entry.ApiVersion, updater))
            {
                continue;
            }

            var bucket = new ManagerIdentity(AncientChanges, false, entry.ApiVersion, "");
            if (!managed.Entries.TryGetValue(bucket, out var merged))
            {
                managed.Entries.Remove(firsts[entry.ApiVersion], out merged);
            }

            // The later time is that of the one that is merged in.
            managed.Entries.Remove(updater);
            managed.Entries[bucket] = new ManagedEntry(new FieldsV1(entry.Fields.Set.Union(merged!.Fields.Set)), entry.ApiVersion, entry.Time);
            count--;
        }
    }

    private static string SortKey(ManagerIdentity identity) => $"{{\"manager\":\"{identity.Manager}\",\"operation\":\"Update\",\"apiVersion\":\"{identity.ApiVersion}\"{(identity.Subresource.Length == 0 ? "" : $",\"subresource\":\"{identity.Subresource}\"")}}}";
}
