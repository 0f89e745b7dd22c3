using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.Store.Protocol;
using Akka.Actor;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// Asks the store for a resource type's current revision, for consistent reads. Readers share a question, but never one that was
/// put before they came: its answer could be older than a write they already know of.
/// </summary>
internal sealed class RevisionReader(string resource, IActorRef store, TimeSpan timeout)
{
    private readonly Lock _gate = new();
    private Task<long>? _asked;
    private Task<long>? _next;

    /// <summary>A revision that was current at some moment after the call.</summary>
    public Task<long> ReadAsync()
    {
        lock (_gate)
        {
            if (_asked is null or { IsCompleted: true })
            {
                return _asked = AskAsync();
            }

            return _next ??= AfterAsync(_asked);
        }
    }

    /// <summary>Makes the store's revision move on from one that is current, though nothing changes; returns a later one.</summary>
    public Task<long> AdvanceAsync(long current) => AskAsync(new Advance(resource, current));

    private async Task<long> AfterAsync(Task<long> running)
    {
        // Never at once, though it may have ended since it was looked at: the caller is about to note this task as the one that has yet to ask.
        await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Task<long> mine;
        lock (_gate)
        {
            _next = null;
            _asked = mine = AskAsync();
        }

        return await mine.ConfigureAwait(false);
    }

    private Task<long> AskAsync() => AskAsync(new GetRevision(resource));

    private async Task<long> AskAsync(IStoreMessage question)
    {
        try
        {
            return await store.Ask<object>(question, timeout).ConfigureAwait(false) switch
            {
                CurrentRevision current => current.Revision,
                Committed written => written.Revision,
                Rejected newer => newer.CurrentRevision,
                OutcomeUnknown unknown => throw ApiError.Unavailable($"the store of {resource} cannot answer: {unknown.Reason}"),
                NotAttempted not => throw StoreAway.Refusal(not.Reason),
                var other => throw new InvalidOperationException($"The store answered {nameof(GetRevision)} with {other.GetType().Name}."),
            };
        }
        catch (AskTimeoutException e)
        {
            throw ApiError.Internal($"the store of {resource} does not answer: {e.Message}", e);
        }
    }
}
