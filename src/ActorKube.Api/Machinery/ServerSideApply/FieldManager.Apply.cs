using System.Text.Json.Nodes;
using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>An object to apply to.</summary>
/// <param name="Json">The object at the URL's version; <c>{}</c> for one that does not exist.</param>
/// <param name="ManagedFields">Its entries.</param>
/// <param name="Existing">All its fields as if they had just been added, for an object whose fields nobody managed so far; null for one that does not exist.</param>
/// <param name="Convert">Another version's form of an object of the URL's version, or back; null for a version that is not served.</param>
public sealed record ApplyTarget(JsonObject Json, IList<V1ManagedFieldsEntry>? ManagedFields, Func<Comparison>? Existing, Func<JsonObject, string, JsonObject?> Convert);

/// <summary>What applying makes of an object.</summary>
/// <param name="Json">The new form, without defaults and with the old entries; null when nothing but the entries may differ.</param>
/// <param name="ManagedFields">The new entries.</param>
public sealed record ApplyResult(JsonObject? Json, IList<V1ManagedFieldsEntry>? ManagedFields);

/// <content>Server-side apply.</content>
public sealed partial class FieldManager
{
    private const string Kubectl = "kubectl";

    /// <summary>
    /// Applies a configuration: the object gets its values, the applier owns them, and what it gave before and no longer gives goes, unless others own it too.
    /// Throws the 400 for a body that is no configuration of the kind, the 409 for values that differ from another manager's unless forced.
    /// </summary>
    public ApplyResult Apply(ApplyTarget target, JsonObject configuration, string manager, bool force, DateTime now)
    {
        Check(configuration);
        if (!ManagedFields.TryRead(target.ManagedFields, out var managed, out var error))
        {
            throw ApiError.From(ApiError.Status(500, "", $"failed to decode managed fields: {error}"));
        }

        if (managed.IsEmpty && target.Existing is { } existing)
        {
            var comparison = existing();
            Record(managed, new ManagerIdentity(BeforeFirstApply, false, ApiVersion, Subresource), version => version == ApiVersion ? comparison : null, now);
        }

        var self = new ManagerIdentity(Name(manager), true, "", Subresource);
        var set = JsonFieldSet.Of(configuration, Schema);
        set = Filters.TryGetValue(ApiVersion, out var filter) ? filter.Apply(set) : set;
        var changed = Prune(target, StructuredMerge.Merge(target.Json, configuration, Schema)!.AsObject(), managed, self, set);
        Take(target, changed, managed, self, manager == Kubectl, force);

        var isSame = JsonNode.DeepEquals(target.Json, changed);
        var before = managed.Entries.GetValueOrDefault(self);
        var owned = set.Difference(NeverOwned);
        managed.Entries.Remove(self);
        if (!owned.IsEmpty)
        {
            var fields = before is not null && before.ApiVersion == ApiVersion && before.Fields.Set.Equals(owned) ? before.Fields : new FieldsV1(owned);
            managed.Entries[self] = new ManagedEntry(fields, ApiVersion, isSame ? before?.Time : now);
        }

        var result = isSame ? null : changed;
        if (manager == Kubectl)
        {
            result = LastApplied.Follow(target.Json, result, configuration);
        }

        return new ApplyResult(result, managed.Write());
    }

    // What is wrong with a configuration before anything is looked at that it would be applied to.
    private void Check(JsonObject configuration)
    {
        var (version, kind) = (Text(configuration["apiVersion"]), Text(configuration["kind"]));
        if (version != ApiVersion || kind != Kind)
        {
            throw ApiError.BadRequest($"invalid object type: {TypeText(version, kind)}");
        }

        var metadata = configuration["metadata"] as JsonObject;
        if (metadata?["managedFields"] is not null)
        {
            throw ApiError.BadRequest("metadata.managedFields must be nil");
        }

        var errors = SchemaValidation.Validate(configuration, Schema);
        if (errors.Count > 0)
        {
            var name = $"{Text(metadata?["namespace"])}/{Text(metadata?["name"])}; {TypeText(version, kind)}";
            throw ApiError.From(ApiError.Status(400, "BadRequest", $"failed to create typed patch object ({name}): {SchemaValidation.Text(errors)}"));
        }
    }

    private void Take(ApplyTarget target, JsonObject changed, ManagedFields managed, ManagerIdentity self, bool followsLastApplied, bool force)
    {
        var known = new Dictionary<string, Comparison?>(StringComparer.Ordinal);
        Comparison? Compare(string version)
        {
            if (!known.TryGetValue(version, out var comparison))
            {
                var (before, after) = version == ApiVersion ? (target.Json, changed) : (target.Convert(target.Json, version), target.Convert(changed, version));
                comparison = before is null || after is null || SchemaAt(version) is not { } schema ? null : JsonComparison.Of(before, after, schema);
                known[version] = comparison;
            }

            return comparison;
        }

        var own = Filtered(Compare, ApiVersion) ?? Comparison.None;
        var conflicts = force ? null : new List<ApplyConflict>();
        TakeFromOthers(managed, self, Compare, own, conflicts);
        if (conflicts is not { Count: > 0 })
        {
            return;
        }

        if (followsLastApplied && LastApplied.AllowedConflicts(target.Json, Schema, ApiVersion) is { } allowed)
        {
            conflicts.RemoveAll(c => allowed.Has(c.Path));
        }

        if (conflicts.Count > 0)
        {
            throw ApplyConflict.Refuse(conflicts);
        }

        TakeFromOthers(managed, self, Compare, own, conflicts: null);
    }

    // Takes out what the applier gave last time and does not give now, unless another manager owns it or nobody does.
    private JsonObject Prune(ApplyTarget target, JsonObject merged, ManagedFields managed, ManagerIdentity self, FieldSet set)
    {
        if (!managed.Entries.TryGetValue(self, out var previous) || SchemaAt(previous.ApiVersion) is not { } schema)
        {
            return merged;
        }

        var (last, version) = (previous.Fields.SetFor(schema), previous.ApiVersion);
        if (last.IsEmpty || (version == ApiVersion && set.Covers(last)) || In(target, merged, ApiVersion, version) is not { } whole)
        {
            return merged;
        }

        var pruned = Without(whole, SchemaChanges.WithNamedParents(last, schema), schema);
        var owned = managed.Entries.Where(e => e.Key != self).Select(e => (e.Value.ApiVersion, e.Value.Fields.Set)).Append((ApiVersion, set))
            .GroupBy(e => e.ApiVersion, e => e.Item2).ToDictionary(g => g.Key, g => g.Aggregate((a, b) => a.Union(b)));
        foreach (var (at, fields) in owned.OrderBy(o => o.Key == version ? 0 : 1))
        {
            if (SchemaAt(at) is { } type && In(target, whole, version, at) is { } all && In(target, pruned, version, at) is { } rest)
            {
                var kept = Named(rest, type).Union(SchemaChanges.WithNamedParents(fields, type));
                pruned = In(target, Without(all, Named(all, type).Difference(kept), type), at, version) ?? pruned;
            }
        }

        var gone = Named(whole, schema).Difference(Named(pruned, schema)).Intersection(SchemaChanges.WithNamedParents(last, schema));
        return In(target, Without(whole, gone, schema), version, ApiVersion) ?? merged;
    }

    private static JsonObject? In(ApplyTarget target, JsonObject value, string from, string to) => from == to ? value : target.Convert(value, to);

    private static JsonObject Without(JsonObject value, FieldSet fields, IFieldSchema schema) => StructuredRemoval.Remove(value, fields, schema) as JsonObject ?? [];

    private static FieldSet Named(JsonObject value, IFieldSchema schema) => SchemaChanges.WithNamedParents(JsonFieldSet.Of(value, schema), schema);

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    private static string TypeText(string apiVersion, string kind) => $"{(apiVersion.Contains('/', StringComparison.Ordinal) ? "" : "/")}{apiVersion}, Kind={kind}";
}
