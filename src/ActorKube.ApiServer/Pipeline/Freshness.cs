using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>
/// Finds a state of a cache that is as fresh as a reader asks: <c>""</c> as new as the store, <c>"0"</c> whatever is at hand, a number not older than it.
/// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
/// </summary>
internal static class Freshness
{
    private static readonly TimeSpan FutureVersionPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan CachePatience = TimeSpan.FromSeconds(30);

    /// <summary>The state for a resourceVersion as a client gives it.</summary>
    public static ValueTask<CacheState> StateAsync(ServedResource resource, string? resourceVersion, CancellationToken cancellationToken) => resourceVersion switch
    {
        null or "" => ConsistentAsync(resource, cancellationToken),
        "0" => AnyAsync(resource, cancellationToken),
        _ => NotOlderThanAsync(resource, ResourceVersions.Parse(resourceVersion), cancellationToken),
    };

    /// <summary>Whatever is at hand.</summary>
    public static ValueTask<CacheState> AnyAsync(ServedResource resource, CancellationToken cancellationToken) =>
        resource.Cache.State is { } state ? new ValueTask<CacheState>(state) : WaitAsync(resource, -1, CachePatience, cancellationToken);

    /// <summary>A state that shows every write acknowledged before the call, by whichever server.</summary>
    public static async ValueTask<CacheState> ConsistentAsync(ServedResource resource, CancellationToken cancellationToken)
    {
        var revision = await resource.Revisions.ReadAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        return resource.Cache.State is { } state && state.Revision >= revision
            ? state
            : await WaitAsync(resource, revision, CachePatience, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A state that shows a revision that the store is known to have.</summary>
    public static ValueTask<CacheState> AtLeastAsync(ServedResource resource, long revision, CancellationToken cancellationToken) =>
        resource.Cache.State is { } state && state.Revision >= revision
            ? new ValueTask<CacheState>(state)
            : WaitAsync(resource, revision, CachePatience, cancellationToken);

    private static ValueTask<CacheState> NotOlderThanAsync(ServedResource resource, long revision, CancellationToken cancellationToken) =>
        resource.Cache.State is { } state && state.Revision >= revision
            ? new ValueTask<CacheState>(state)
            : WaitAsync(resource, revision, FutureVersionPatience, cancellationToken);

    private static async ValueTask<CacheState> WaitAsync(ServedResource resource, long revision, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            return await resource.Cache.AtLeastAsync(revision, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw resource.Cache.State is { } state ? TooLarge(revision, state.Revision) : ApiError.Unavailable($"the store of {resource.StoreResource} is not ready yet");
        }
    }

    private static ApiException TooLarge(long revision, long current)
    {
        var status = ApiError.Status(504, "Timeout", $"Timeout: Too large resource version: {ResourceVersions.Format(revision)}, current: {ResourceVersions.Format(current)}");
        status.Details = new V1StatusDetails { RetryAfterSeconds = 1, Causes = [new V1StatusCause { Reason = "ResourceVersionTooLarge", Message = "Too large resource version" }] };
        return new ApiException(status);
    }
}
