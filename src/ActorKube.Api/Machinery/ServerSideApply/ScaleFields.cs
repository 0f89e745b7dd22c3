using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// Carries the ownership of the replicas between an object and its Scale: who scaled owns the object's replicas, and who owns the object's replicas is who a scaler is in conflict with.
/// </summary>
public static class ScaleFields
{
    private const string ScaleVersion = "autoscaling/v1";
    private static readonly PathElement[] ReplicasOfScale = [PathElement.Field("spec"), PathElement.Field("replicas")];

    /// <summary>The entries of an object as its Scale has them: those that own the replicas, as if they owned the Scale's.</summary>
    /// <param name="entries">The object's entries.</param>
    /// <param name="replicas">Where the replicas are, by version of the object.</param>
    public static IList<V1ManagedFieldsEntry>? ToScale(IList<V1ManagedFieldsEntry>? entries, IReadOnlyDictionary<string, IReadOnlyList<PathElement>> replicas)
    {
        if (!ManagedFields.TryRead(entries, out var managed, out _))
        {
            return null;
        }

        var scale = ManagedFields.Empty();
        foreach (var (identity, entry) in managed.Entries)
        {
            if (replicas.TryGetValue(entry.ApiVersion, out var path) && entry.Fields.Set.Has(path))
            {
                scale.Entries[identity] = new ManagedEntry(new FieldsV1(FieldSet.Of(ReplicasOfScale)), ScaleVersion, entry.Time);
            }
        }

        return scale.Write();
    }

    /// <summary>The object's entries after its Scale was written.</summary>
    /// <param name="entries">The object's entries before.</param>
    /// <param name="scale">The Scale's entries now.</param>
    /// <param name="apiVersion">The object's version.</param>
    /// <param name="replicas">Where the replicas are, by version of the object.</param>
    public static IList<V1ManagedFieldsEntry>? ToParent(
        IList<V1ManagedFieldsEntry>? entries, IList<V1ManagedFieldsEntry>? scale, string apiVersion, IReadOnlyDictionary<string, IReadOnlyList<PathElement>> replicas)
    {
        if (!ManagedFields.TryRead(entries, out var managed, out _) || !ManagedFields.TryRead(scale, out var scaled, out _))
        {
            return entries;
        }

        var result = ManagedFields.Empty();
        foreach (var (identity, entry) in managed.Entries)
        {
            if (!replicas.TryGetValue(entry.ApiVersion, out var path))
            {
                continue;
            }

            // The identity in the Scale's entries names the Scale's version where it is an updater's that came from there.
            var known = scaled.Entries.ContainsKey(identity) ? identity : identity with { ApiVersion = identity.IsApply ? "" : ScaleVersion };
            if (!entry.Fields.Set.Has(path))
            {
                result.Entries[identity] = entry;
            }
            else if (scaled.Entries.Remove(known))
            {
                result.Entries[identity] = entry;
            }
            else if (entry.Fields.Set.Difference(FieldSet.Of(path)) is { IsEmpty: false } rest)
            {
                result.Entries[identity] = entry with { Fields = new FieldsV1(rest) };
            }
        }

        foreach (var (identity, entry) in scaled.Entries)
        {
            if (entry.Fields.Set.Has(ReplicasOfScale))
            {
                var owner = identity.IsApply ? identity : identity with { ApiVersion = apiVersion };
                result.Entries[owner] = new ManagedEntry(new FieldsV1(FieldSet.Of(replicas[apiVersion])), apiVersion, null);
            }
        }

        return result.Write();
    }
}
