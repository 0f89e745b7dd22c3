using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Protocol;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Garbage;

/// <summary>What the collector's action led to, for the graph.</summary>
/// <param name="Gone">Uids that turned out not to exist.</param>
/// <param name="Again">Whether the object needs another look.</param>
internal sealed record GarbageOutcome(IReadOnlyList<string> Gone, bool Again = false)
{
    public static GarbageOutcome Done { get; } = new([]);
}

/// <summary>Carries the collector's actions out. Every write is on the condition that the object is the one the decision was about.</summary>
internal sealed class GarbageWrites(IApiTransport transport)
{
    /// <summary>Carries out one action. Throws <see cref="ApiException"/> and <see cref="ApiUnreachableException"/>; a conflict means that the graph was behind.</summary>
    public async Task<GarbageOutcome> RunAsync(Target target, GarbageAction action, IReadOnlyList<Target> dependents)
    {
        try
        {
            switch (action)
            {
                case GarbageAction.Verify:
                    return await ExistsAsync(target) ? GarbageOutcome.Done : new GarbageOutcome([target.Uid]);
                case GarbageAction.Delete delete:
                    await DeleteAsync(target, delete.PropagationPolicy);
                    return GarbageOutcome.Done;
                case GarbageAction.ReleaseFrom release:
                    await ChangeAsync(target, m => m.OwnerReferences = [.. (m.OwnerReferences ?? []).Where(o => !release.OwnerUids.Contains(o.Uid))]);
                    return GarbageOutcome.Done;
                case GarbageAction.ReleaseDependents:
                    foreach (var dependent in dependents)
                        await ReleaseAsync(dependent, target.Uid);
                    return GarbageOutcome.Done;
                case GarbageAction.Unhold unhold:
                    await ChangeAsync(target, m => m.Finalizers = [.. (m.Finalizers ?? []).Where(f => f != unhold.Finalizer)]);
                    return GarbageOutcome.Done;
                default:
                    throw new ArgumentException($"nothing to carry out for {action.GetType().Name}");
            }
        }
        catch (ApiException e) when (e.IsNotFound && e.Status.Details?.Name == target.Name)
        {
            return new GarbageOutcome([target.Uid]);
        }
    }

    /// <summary>An object by its coordinates, so that nothing of the graph leaves the collector's actor.</summary>
    internal sealed record Target(ResourceKind Kind, string Namespace, string Name, string Uid, string ResourceVersion)
    {
        public static Target Of(OwnerNode node) => new(node.Kind!, node.Namespace, node.Name, node.Uid, node.ResourceVersion);
    }

    private async Task ReleaseAsync(Target dependent, string ownerUid)
    {
        try
        {
            await ChangeAsync(dependent, m => m.OwnerReferences = [.. (m.OwnerReferences ?? []).Where(o => o.Uid != ownerUid)]);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // Gone by itself: nothing to release.
        }
    }

    // 404 for the object is an answer; 404 for its kind is none, and throws.
    private async Task<bool> ExistsAsync(Target target)
    {
        var response = await transport.SendAsync(Request("get", target));
        if (response.Code < 400)
            return ((IMetadata<V1ObjectMeta>)response.Object!.Value).Metadata.Uid == target.Uid;
        var status = response.Object!.As<V1Status>();
        return status.Reason == "NotFound" && status.Details?.Name == target.Name ? false : throw ApiError.From(status);
    }

    private async Task DeleteAsync(Target target, string policy)
    {
        await SendAsync(Request("delete", target) with
        {
            Object = new V1DeleteOptions
            {
                ApiVersion = "v1",
                Kind = "DeleteOptions",
                PropagationPolicy = policy,
                // The version too: somebody may have given it another owner meanwhile.
                Preconditions = new V1Preconditions { Uid = target.Uid, ResourceVersion = target.ResourceVersion },
            },
        });
    }

    private async Task ChangeAsync(Target target, Action<V1ObjectMeta> change)
    {
        var current = ((IMetadata<V1ObjectMeta>)(await SendAsync(Request("get", target))).Object!.Value).Metadata;
        if (current.Uid != target.Uid)
            throw ApiError.NotFound(target.Kind, target.Name);
        var changed = ApiJson.Copy(current);
        change(changed);
        var patch = Client.Patch.Merge(MergeBody.Metadata(
            current, ("ownerReferences", MergeBody.List(changed.OwnerReferences)), ("finalizers", MergeBody.List(changed.Finalizers))));
        await SendAsync(Request("patch", target) with { ContentType = patch.ContentType, Body = patch.Body });
    }

    private async Task<ApiResponse> SendAsync(ApiRequest request)
    {
        var response = await transport.SendAsync(request);
        return response.Code < 400 ? response : throw ApiError.From(response.Object!.As<V1Status>());
    }

    private static ApiRequest Request(string verb, Target target) => new()
    {
        Verb = verb,
        Group = target.Kind.Group,
        Version = target.Kind.Version,
        Resource = target.Kind.Resource,
        Namespace = target.Namespace,
        Name = target.Name,
        UserAgent = ControllerManagerServices.UserAgent,
    };
}
