using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using ActorKube.Store.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>delete and deletecollection.</summary>
internal sealed class Deletes(ObjectWriter writer, AdmissionChain admission)
{
    private const int MaxAttempts = 20;
    private const int CollectionParallelism = 16;

    // Kinds whose deletion answers with the object rather than with a Status.
    private static readonly HashSet<string> ReturnsObject = new(StringComparer.Ordinal)
    {
        "pods", "podtemplates", "persistentvolumes", "persistentvolumeclaims", "resourcequotas", "serviceaccounts", "services",
    };

    /// <summary>Deletes the object that the URL names, or begins to.</summary>
    public async Task<ApiResponse> DeleteAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var options = ReadOptions(context);
        var (last, removed) = await DeleteAsync(context, context.Key, context.Request.Name, options).ConfigureAwait(false);
        if (removed && !ReturnsObject.Contains(context.Kind.GroupResource))
        {
            return new ApiResponse(200, new ApiObject(Success(context, last.Metadata)));
        }

#pragma warning disable CS0618 // Old clients still send it.
        return new ApiResponse(!removed && options.OrphanDependents is false ? 202 : 200, last);
#pragma warning restore CS0618
    }

    /// <summary>Deletes every object that the request selects; answers with the list of them.</summary>
    public async Task<ApiResponse> DeleteCollectionAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var options = ReadOptions(context);
        var selection = Reads.SelectionOf(context);
        var state = await Freshness.ConsistentAsync(context.Resource, context.Cancelled).ConfigureAwait(false);
        var chosen = state.Objects.Range(selection.Prefix).Where(e => selection.Matches(e, context.Resource.View(e.Object))).ToList();
        await Parallel.ForEachAsync(chosen, new ParallelOptions { MaxDegreeOfParallelism = CollectionParallelism }, async (entry, _) =>
        {
            var own = new V1DeleteOptions
            {
                GracePeriodSeconds = options.GracePeriodSeconds,
                PropagationPolicy = options.PropagationPolicy,
                Preconditions = new V1Preconditions { Uid = entry.Object.Metadata.Uid },
            };
            try
            {
                await DeleteAsync(context, entry.Key, entry.Object.Metadata.Name, own).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsNotFound || e.IsConflict)
            {
                // Somebody else was faster, or the name is another object's by now: either way ours is gone.
            }
        }).ConfigureAwait(false);
        return new ApiResponse(200, null, new ApiList([.. chosen.Select(e => context.Resource.View(e.Object))], ResourceVersions.Format(state.Revision)));
    }

    /// <summary>Deletes one object of the request's kind; tells how it last was and whether it is gone.</summary>
    public async Task<(ApiObject Last, bool Removed)> DeleteAsync(RequestContext context, string key, string name, V1DeleteOptions options)
    {
        var resource = context.Resource;
        var fresh = false;
        for (var attempt = 1; ; attempt++)
        {
            var state = fresh
                ? await Freshness.ConsistentAsync(resource, CancellationToken.None).ConfigureAwait(false)
                : await Freshness.AnyAsync(resource, CancellationToken.None).ConfigureAwait(false);
            var entry = state.Objects.Find(key);
            if (!fresh && (entry is null || !MeetsPreconditions(entry, options)))
            {
                fresh = true;
                continue;
            }

            if (entry is null)
            {
                throw ApiError.NotFound(context.Kind, name);
            }

            CheckPreconditions(context, name, entry, options);
            var current = resource.View(entry.Object);
            var ns = context.Kind.Namespaced ? current.Metadata.NamespaceProperty : "";
            var request = new AdmissionRequest("DELETE", context.Kind, "", ns, name, null, current.Value, context.User, context.DryRun);
            await admission.MutateAsync(request, context.Cancelled).ConfigureAwait(false);
            await admission.ValidateAsync(request, context.Cancelled).ConfigureAwait(false);
            var plan = Deletion.Decide(
                (IKubernetesObject<V1ObjectMeta>)current.Value, options, context.Strategy.GracePeriodSeconds(current.Value, options), context.Timestamp);
            if (plan is { Remove: false, Updated: null } || (context.DryRun && plan.Remove))
            {
                return (current, plan.Remove);
            }

            if (context.DryRun)
            {
                return (new ApiObject(plan.Updated!), false);
            }

            var result = plan.Remove
                ? await writer.RemoveAsync(resource, key, entry.Stored, Expected.At(entry.Revision), context.Cause()).ConfigureAwait(false)
                : await writer.PutAsync(resource, key, ObjectWriter.Encode(resource, plan.Updated!), Expected.At(entry.Revision), context.Cause()).ConfigureAwait(false);
            if (result.Written is { } written)
            {
                return (resource.View(written.Object), plan.Remove);
            }

            if (attempt == MaxAttempts)
            {
                throw ApiError.Conflict(context.Kind, name);
            }

            fresh = true;
        }
    }

    /// <summary>A success Status about an object.</summary>
    public static V1Status Success(RequestContext context, V1ObjectMeta metadata) => new()
    {
        ApiVersion = "v1",
        Kind = "Status",
        Metadata = new V1ListMeta(),
        Status = "Success",
        Details = new V1StatusDetails
        {
            Name = metadata.Name,
            Group = context.Kind.Group.Length == 0 ? null : context.Kind.Group,
            Kind = context.Kind.Resource,
            Uid = metadata.Uid,
        },
    };

    private static V1DeleteOptions ReadOptions(RequestContext context)
    {
        var options = BodyDecoder.DecodeDeleteOptions(context);
        if (options.DryRun is { Count: > 0 } dryRun)
        {
            context.SetDryRun(dryRun);
        }

        if (options.PropagationPolicy is { Length: > 0 } policy && policy is not ("Orphan" or "Background" or "Foreground"))
        {
            throw RequestContext.InvalidOption("DeleteOptions", FieldError.NotSupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"]));
        }

#pragma warning disable CS0618 // Old clients still send it.
        if (options.PropagationPolicy is { Length: > 0 } && options.OrphanDependents is not null)
        {
            throw RequestContext.InvalidOption("DeleteOptions", FieldError.Invalid("propagationPolicy", options.PropagationPolicy, "orphanDependents and deletionPropagation cannot be both set"));
        }
#pragma warning restore CS0618
        return options;
    }

    private static bool MeetsPreconditions(CachedObject entry, V1DeleteOptions options) =>
        (options.Preconditions?.Uid is not { } uid || uid == entry.Object.Metadata.Uid)
        && (options.Preconditions?.ResourceVersion is not { } version || ResourceVersions.Matches(version, entry.Revision));

    private static void CheckPreconditions(RequestContext context, string name, CachedObject entry, V1DeleteOptions options)
    {
        if (options.Preconditions?.Uid is { } uid && uid != entry.Object.Metadata.Uid)
        {
            throw ApiError.Conflict(context.Kind, name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {entry.Object.Metadata.Uid}");
        }

        if (options.Preconditions?.ResourceVersion is { } version && !ResourceVersions.Matches(version, entry.Revision))
        {
            throw ApiError.Conflict(context.Kind, name, $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {ResourceVersions.Format(entry.Revision)}");
        }
    }
}
