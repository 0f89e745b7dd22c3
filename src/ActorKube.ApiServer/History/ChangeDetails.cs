using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using ActorKube.Store.History;
using ActorKube.Store.Protocol;

namespace ActorKube.ApiServer.History;

/// <summary>What it takes reading other events to tell of a change: which fields it changed, and which change of the object's controller it follows from.</summary>
internal sealed class ChangeDetails(ResourceHistory journal, ResourceRegistry registry, CancellationToken cancelled)
{
    private const int MostSteps = 100;

    private readonly Dictionary<(ResourceKind, string, long), (ResourceKind Kind, StoreEvent Event)?> _causes = [];

    /// <summary>The change with everything that can be told.</summary>
    public async ValueTask<CustomObject> CompleteAsync(ResourceKind kind, StoreEvent change, CustomObject told)
    {
        var after = Tree(kind, change);
        var fields = await FieldsAsync(kind, change, after).ConfigureAwait(false);
        ChangeObject.Describe(told, fields, (string?)after["metadata"]?["uid"]);
        if ((change.Type != StoreEventType.Updated || MayBeMoreThanStatus(fields)) && await CauseAsync(change, after).ConfigureAwait(false) is { } cause)
        {
            var by = ChangeObject.Of(cause.Kind, cause.Event);
            told.Content["because"] = new JsonObject
            {
                ["resource"] = cause.Kind.GroupResource,
                ["namespace"] = by.Metadata.NamespaceProperty ?? "",
                ["name"] = by.Content["name"]!.DeepClone(),
                ["revision"] = by.Content["revision"]!.DeepClone(),
                ["change"] = by.Metadata.Name,
            };
        }

        return told;
    }

    private static bool MayBeMoreThanStatus(IReadOnlyList<FieldChange>? fields) => fields is null || FieldChanges.IsMoreThanStatus(fields);

    // Null where the object's history begins with this change, because what was before is no longer kept.
    private async ValueTask<IReadOnlyList<FieldChange>?> FieldsAsync(ResourceKind kind, StoreEvent change, JsonObject value)
    {
        if (change.Type == StoreEventType.Removed)
        {
            return FieldChanges.Between(value, null);
        }

        try
        {
            return FieldChanges.Between(await journal.PreviousAsync(kind.GroupResource, change, cancelled).ConfigureAwait(false) is { } before ? Tree(kind, before) : null, value);
        }
        catch (HistoryGoneException)
        {
            return null;
        }
    }

    private JsonObject Tree(ResourceKind kind, StoreEvent change) =>
        (JsonObject)JsonTree.Parse(registry.Of(kind).Cache.Read(change.Key, change.Revision, change.Value).Stored.Span)!;

    // The newest change of the controller's wishes that was there when this one was made.
    private async ValueTask<(ResourceKind Kind, StoreEvent Event)?> CauseAsync(StoreEvent change, JsonObject value)
    {
        if ((value["metadata"]?["ownerReferences"] as JsonArray)?.FirstOrDefault(o => o?["controller"]?.GetValue<bool>() is true) is not JsonObject owner
            || registry.Kinds.FindKind((string)owner["apiVersion"]!, (string)owner["kind"]!) is not { IsStored: true } found)
        {
            return null;
        }

        var kind = StorageVersions.Of(found).Stored;
        var key = kind.Namespaced ? $"{(string?)value["metadata"]!["namespace"]}/{(string)owner["name"]!}" : (string)owner["name"]!;
        if (_causes.TryGetValue((kind, key, change.Cause.Time), out var known))
        {
            return known;
        }

        (ResourceKind, StoreEvent)? cause = null;
        var steps = 0;
        await foreach (var earlier in journal.OfObjectAsync(kind.GroupResource, key, registry.Of(kind).Cache.State?.Objects.Find(key)?.Revision ?? 0, false, cancelled).ConfigureAwait(false))
        {
            if (++steps > MostSteps)
            {
                break;
            }

            if (earlier.Cause.Time <= change.Cause.Time && earlier.Type != StoreEventType.Removed
                && (earlier.Type == StoreEventType.Created || await FieldsAsync(kind, earlier, Tree(kind, earlier)).ConfigureAwait(false) is not { } fields || FieldChanges.IsOfWishes(fields)))
            {
                cause = (kind, earlier);
                break;
            }
        }

        return _causes[(kind, key, change.Cause.Time)] = cause;
    }
}
