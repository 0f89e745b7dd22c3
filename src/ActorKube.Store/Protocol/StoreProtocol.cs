using Akka.Actor;

namespace ActorKube.Store.Protocol;

/// <summary>A message to <c>/user/store</c>, which passes it to the persistent actor of the resource type.</summary>
public interface IStoreMessage
{
    /// <summary>Resource type, such as <c>pods</c> or <c>deployments.apps</c>.</summary>
    string Resource { get; }
}

/// <summary>What a writer expects of the object it writes.</summary>
public readonly record struct Expected
{
    private Expected(long revision) => Revision = revision;

    /// <summary>The revision that must be current; 0: the object must not exist; -1: anything.</summary>
    public long Revision { get; }

    /// <summary>The object must not exist.</summary>
    public static Expected Absent => new(0);

    /// <summary>Whatever is there.</summary>
    public static Expected Any => new(-1);

    /// <summary>The object must be at this revision.</summary>
    public static Expected At(long revision) => new(revision);
}

/// <summary>Who made a change and why; kept with the event for the history.</summary>
/// <param name="User">User name.</param>
/// <param name="Verb">API verb, such as <c>patch</c>.</param>
/// <param name="Manager">Field manager.</param>
/// <param name="Time">When, in Unix milliseconds.</param>
public sealed record Cause(string User, string Verb, string Manager, long Time)
{
    /// <summary>Nobody and no reason: the store's own doing.</summary>
    public static Cause None { get; } = new("", "", "", 0);
}

/// <summary>Writes an object. Answered by <see cref="Committed"/>, <see cref="Rejected"/>, <see cref="OutcomeUnknown"/> or <see cref="NotAttempted"/>.</summary>
/// <param name="Resource">Resource type.</param>
/// <param name="Key"><c>namespace/name</c>, or <c>name</c> for cluster-scoped kinds.</param>
/// <param name="Value">The object as UTF-8 JSON without its resourceVersion; opaque to the store.</param>
/// <param name="Expected">What must be there for the write to happen.</param>
/// <param name="Cause">Who and why.</param>
public sealed record Put(string Resource, string Key, ReadOnlyMemory<byte> Value, Expected Expected, Cause Cause) : IStoreMessage
{
    /// <summary>
    /// What no other object of the resource type may have at the same time, such as <c>ip/10.96.0.10</c>: checked in the same step as the write, so that
    /// any number of writers, wherever they are, can choose freely and none gets what another one has.
    /// </summary>
    public IReadOnlyList<string> Unique { get; init; } = [];
}

/// <summary>Removes an object. Answered like <see cref="Put"/>.</summary>
/// <param name="Resource">Resource type.</param>
/// <param name="Key">Which object.</param>
/// <param name="Value">The object as it last was, for watchers and the history.</param>
/// <param name="Expected">What must be there; never <see cref="Expected.Absent"/>.</param>
/// <param name="Cause">Who and why.</param>
public sealed record Remove(string Resource, string Key, ReadOnlyMemory<byte> Value, Expected Expected, Cause Cause) : IStoreMessage;

/// <summary>
/// Moves the revision on though nothing changes: for a reader to whom a later moment must look different. Answered by <see cref="Committed"/>,
/// or by <see cref="Rejected"/> with the current revision when that is another one already.
/// </summary>
/// <param name="Resource">Resource type.</param>
/// <param name="Current">The revision to move on from.</param>
public sealed record Advance(string Resource, long Current) : IStoreMessage;

/// <summary>The write is durable.</summary>
/// <param name="Revision">Its revision: the object's resourceVersion from now on.</param>
public sealed record Committed(long Revision);

/// <summary>The object was not as expected; nothing was written.</summary>
/// <param name="CurrentRevision">The object's revision, counting writes still in flight; 0 when it does not exist.</param>
public sealed record Rejected(long CurrentRevision)
{
    /// <summary>Which of <see cref="Put.Unique"/> another object has, where that is the reason; else empty.</summary>
    public string Taken { get; init; } = "";
}

/// <summary>The journal failed: the write may or may not have happened.</summary>
/// <param name="Reason">What the database said.</param>
public sealed record OutcomeUnknown(string Reason);

/// <summary>The store cannot serve for the moment: the write did not happen, the question was not looked at. Ask again.</summary>
/// <param name="Reason">Why.</param>
public sealed record NotAttempted(string Reason);

/// <summary>Asks for the revision of the newest durable write; answered by <see cref="CurrentRevision"/>, after a failure once the journal works again, or by <see cref="NotAttempted"/>. A cache that has reached it can serve a consistent read.</summary>
/// <param name="Resource">Resource type.</param>
public sealed record GetRevision(string Resource) : IStoreMessage;

/// <summary>The answer to <see cref="GetRevision"/>.</summary>
/// <param name="Revision">Newest durable revision.</param>
public sealed record CurrentRevision(long Revision);

/// <summary>
/// Makes the subscriber receive a <see cref="StoreSnapshot"/> and then every event after it, in order, as <see cref="StoreEvents"/>,
/// until it dies or sends <see cref="Unsubscribe"/>.
/// </summary>
/// <param name="Resource">Resource type.</param>
/// <param name="Subscriber">A watch cache.</param>
public sealed record Subscribe(string Resource, IActorRef Subscriber) : IStoreMessage
{
    /// <summary>
    /// The revision that the subscriber has already; null for none. Where the store still knows what came after it, it sends those events (none, when there are
    /// none) in place of a snapshot, and the subscriber's own watchers notice nothing.
    /// </summary>
    public long? After { get; init; }
}

/// <summary>Told to a subscriber when another process owns the store now, or when the store's actor started again: subscribe again, from what you have.</summary>
public sealed record StoreMoved
{
    /// <summary>The message.</summary>
    public static StoreMoved Instance { get; } = new();
}

/// <summary>Ends <see cref="Subscribe"/>.</summary>
/// <param name="Resource">Resource type.</param>
/// <param name="Subscriber">The same actor.</param>
public sealed record Unsubscribe(string Resource, IActorRef Subscriber) : IStoreMessage;

/// <summary>Every object there is, as of a revision.</summary>
/// <param name="Resource">Resource type.</param>
/// <param name="Revision">The revision it shows.</param>
/// <param name="Objects">The objects.</param>
public sealed record StoreSnapshot(string Resource, long Revision, IReadOnlyList<StoredObject> Objects)
{
    /// <summary>Whether another part follows: a large snapshot crosses between processes in pieces.</summary>
    public bool More { get; init; }
}

/// <summary>One object as the store has it.</summary>
/// <param name="Key"><c>namespace/name</c> or <c>name</c>.</param>
/// <param name="Revision">Revision of its last write.</param>
/// <param name="Value">UTF-8 JSON without resourceVersion.</param>
public sealed record StoredObject(string Key, long Revision, ReadOnlyMemory<byte> Value)
{
    /// <summary>See <see cref="Put.Unique"/>.</summary>
    public IReadOnlyList<string> Unique { get; init; } = [];
}

/// <summary>Durable changes, in the order of their revisions, without gaps.</summary>
/// <param name="Resource">Resource type.</param>
/// <param name="Events">At least one event, but in the answer to a subscriber that is up to date.</param>
public sealed record StoreEvents(string Resource, IReadOnlyList<StoreEvent> Events);

/// <summary>One durable change.</summary>
/// <param name="Revision">Its revision.</param>
/// <param name="Key">Which object.</param>
/// <param name="Type">What happened.</param>
/// <param name="Value">The object after the change, or as it last was when removed.</param>
/// <param name="Cause">Who and why.</param>
public sealed record StoreEvent(long Revision, string Key, StoreEventType Type, ReadOnlyMemory<byte> Value, Cause Cause)
{
    /// <summary>
    /// The revision of the object's write before this one, so that an object's history can be followed backwards without looking at any other object's;
    /// 0 when the object did not exist, or where an older version wrote the event.
    /// </summary>
    public long Previous { get; init; }

    /// <summary>See <see cref="Put.Unique"/>.</summary>
    public IReadOnlyList<string> Unique { get; init; } = [];
}

/// <summary>What a change did to an object.</summary>
public enum StoreEventType
{
    /// <summary>It did not exist before.</summary>
    Created = 1,

    /// <summary>It changed.</summary>
    Updated = 2,

    /// <summary>It is gone.</summary>
    Removed = 3,

    /// <summary>Nothing happened to any object; only the revision moved on. The key is empty.</summary>
    Advanced = 4,
}
