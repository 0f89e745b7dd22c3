using ActorKube.Api.Kinds;
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
internal sealed class Deletes(ObjectWriter writer, AdmissionChain admission, Reads reads)
{
    private const int MaxAttempts = 20;
    private const int CollectionParallelism = 16;

    // Kinds whose deletion answers with the object rather than with a Status.
    private static readonly HashSet<string> ReturnsObject = new(StringComparer.Ordinal)
    {
        "pods", "podtemplates", "persistentvolumes", "persistentvolumeclaims", "resourcequotas", "serviceaccounts", "services",
        "deviceclasses.resource.k8s.io", "resourceclaims.resource.k8s.io", "resourceclaimtemplates.resource.k8s.io", "resourceslices.resource.k8s.io",
        "csidrivers.storage.k8s.io", "csinodes.storage.k8s.io", "storageclasses.storage.k8s.io", "volumeattachments.storage.k8s.io", "volumeattributesclasses.storage.k8s.io",
    };

    /// <summary>Whether the deletion of an object of the kind answers with the object rather than with a Status.</summary>
    public static bool AnswersWithObject(ResourceKind kind) => ReturnsObject.Contains(kind.GroupResource);

    /// <summary>Deletes the object that the URL names, or begins to.</summary>
    public async Task<ApiResponse> DeleteAsync(RequestContext context)
    {
        context.ReadWriteOptions();
        var options = ReadOptions(context);
        var (last, removed) = await DeleteAsync(context, context.Key, context.Request.Name, options).ConfigureAwait(false);
        if (removed && !AnswersWithObject(context.Kind))
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
        var chosen = await reads.ListAsync(context, ListOptions.ForList(context)).ConfigureAwait(false);
        await Parallel.ForEachAsync(chosen.Items, new ParallelOptions { MaxDegreeOfParallelism = CollectionParallelism }, async (item, _) =>
        {
            var metadata = item.Metadata;
#pragma warning disable CS0618 // Old clients still send it.
            var own = new V1DeleteOptions
            {
                GracePeriodSeconds = options.GracePeriodSeconds,
                PropagationPolicy = options.PropagationPolicy,
                OrphanDependents = options.OrphanDependents,
                Preconditions = options.Preconditions ?? new V1Preconditions { Uid = metadata.Uid },
            };
#pragma warning restore CS0618
            try
            {
                await DeleteAsync(context, context.Resource.Key(metadata.NamespaceProperty ?? "", metadata.Name), metadata.Name, own).ConfigureAwait(false);
            }
            catch (ApiException e) when (e.IsNotFound || (e.IsConflict && options.Preconditions is null))
            {
                // Somebody else was faster, or the name is another object's by now: either way ours is gone.
            }
        }).ConfigureAwait(false);
        return new ApiResponse(200, null, chosen);
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

    /// <summary>Whether an object is the one that a deletion insists on.</summary>
    public static bool MeetsPreconditions(CachedObject entry, V1DeleteOptions options) =>
        (options.Preconditions?.Uid is not { } uid || uid == entry.Object.Metadata.Uid)
        && (options.Preconditions?.ResourceVersion is not { } version || ResourceVersions.Matches(version, entry.Revision));

    private static void CheckPreconditions(RequestContext context, string name, CachedObject entry, V1DeleteOptions options)
    {
        if (options.Preconditions?.Uid is { } uid && uid != entry.Object.Metadata.Uid)
        {
            throw Unmet(context, name, $"the UID in the precondition ({uid}) does not match the UID in record ({entry.Object.Metadata.Uid}). The object might have been deleted and then recreated");
        }

        if (options.Preconditions?.ResourceVersion is { } version && !ResourceVersions.Matches(version, entry.Revision))
        {
            throw Unmet(context, name, $"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({ResourceVersions.Format(entry.Revision)}). The object might have been modified");
        }
    }

    // Of a precondition Kubernetes speaks by kind, where it speaks by resource everywhere else.
    private static ApiException Unmet(RequestContext context, string name, string why)
    {
        var kind = context.Kind;
        var refused = ApiError.Conflict(kind, name);
        refused.Status.Message = $"Operation cannot be fulfilled on {kind.Kind}{(kind.Group.Length == 0 ? "" : "." + kind.Group)} \"{name}\": {why}";
        refused.Status.Details.Kind = kind.Kind;
        return refused;
    }
}
