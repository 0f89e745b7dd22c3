using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Client.Events;

/// <summary>What to do about an event.</summary>
internal abstract record EventAction
{
    /// <summary>It is the first of its kind.</summary>
    public sealed record Create(Corev1Event Event) : EventAction;

    /// <summary>It was seen before: the stored event gets a new count, time and message. <paramref name="Event"/> is the whole of it, should the stored one be gone.</summary>
    public sealed record Raise(Corev1Event Event) : EventAction;

    /// <summary>Its source talks too much.</summary>
    public sealed record Drop : EventAction;
}

/// <summary>
/// Keeps events from flooding the API, with Kubernetes' own numbers: the same event again only raises a count; from the eleventh different message
/// of one (object, reason) within ten minutes on they are combined; and each source may tell 25 events about one object at once and one more each five minutes.
/// </summary>
internal sealed class EventCorrelator
{
    private const int Remembered = 4096;
    private const int SimilarBeforeCombining = 10;
    private static readonly TimeSpan SimilarWithin = TimeSpan.FromMinutes(10);
    private const double Burst = 25;
    private static readonly TimeSpan OneMoreEach = TimeSpan.FromMinutes(5);

    private readonly LruMap<string, Corev1Event> _stored = new(Remembered);
    private readonly LruMap<string, (ImmutableHashSet<string> Messages, DateTimeOffset Last)> _similar = new(Remembered);
    private readonly LruMap<string, (double Tokens, DateTimeOffset At)> _buckets = new(Remembered);

    /// <summary>Decides about a new event, which carries a fresh name and a count of 1.</summary>
    public EventAction Decide(Corev1Event e, DateTimeOffset now)
    {
        var about = $"{e.Source.Component}|{e.Source.Host}|{e.InvolvedObject.ApiVersion}|{e.InvolvedObject.Kind}|{e.InvolvedObject.NamespaceProperty}|{e.InvolvedObject.Name}|{e.InvolvedObject.Uid}";
        var similar = $"{about}|{e.Type}|{e.Reason}";
        var key = $"{similar}|{e.InvolvedObject.FieldPath}|{e.Message}";
        if (IsOneTooMany(similar, e.Message, now))
        {
            key = similar;
            e.Message = $"(combined from similar events): {e.Message}";
        }

        EventAction action;
        if (_stored.TryGet(key, out var stored))
        {
            e.Metadata = stored.Metadata;
            e.FirstTimestamp = stored.FirstTimestamp;
            e.Count = stored.Count + 1;
            action = new EventAction.Raise(e);
        }
        else
            action = new EventAction.Create(e);
        _stored.Set(key, e);
        return TakeToken(about, now) ? action : new EventAction.Drop();
    }

    private bool IsOneTooMany(string similar, string message, DateTimeOffset now)
    {
        var known = _similar.TryGet(similar, out var entry) && now - entry.Last <= SimilarWithin ? entry.Messages : [];
        // Ten messages are enough to know that an eleventh differs from them all.
        var combine = known.Count >= SimilarBeforeCombining && !known.Contains(message);
        _similar.Set(similar, (combine ? known : known.Add(message), now));
        return combine;
    }

    private bool TakeToken(string about, DateTimeOffset now)
    {
        var tokens = _buckets.TryGet(about, out var bucket) ? Math.Min(Burst, bucket.Tokens + ((now - bucket.At) / OneMoreEach)) : Burst;
        var allowed = tokens >= 1;
        _buckets.Set(about, (allowed ? tokens - 1 : tokens, now));
        return allowed;
    }
}
