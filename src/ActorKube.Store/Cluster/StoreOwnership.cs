using Akka.Actor;
using Akka.Actor.Setup;

namespace ActorKube.Store.Cluster;

/// <summary>
/// What this process may believe of itself: that it owns the store, until a time by its own clock that ends before the database's does. A process that was
/// frozen finds it over when it goes on, before it has answered anything. Written by <see cref="StoreDoorActor"/>, read by whoever answers or writes.
/// </summary>
public sealed class StoreOwnership(TimeProvider time) : Setup
{
    private volatile bool _isHeld;
    private long _epoch;
    private long _until = long.MinValue;

    /// <summary>Under which epoch this process writes; 0 when it never owned the store.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    /// <summary>What the process believes; null in one without a store of several.</summary>
    public static StoreOwnership? Of(ActorSystem system) => system.Settings.Setup.Get<StoreOwnership>() is { HasValue: true } found ? found.Value : null;

    /// <summary>
    /// Whether the process owns the store as far as it was told. Unlike <see cref="IsCertain"/> this stays while the database does not answer: who writes by the
    /// store need not stop for that, since the store refuses meanwhile.
    /// </summary>
    public bool IsHeld => _isHeld;

    /// <summary>Whether nobody else can own the store now.</summary>
    public bool IsCertain => time.GetTimestamp() < Interlocked.Read(ref _until);

    /// <summary>The database confirmed the lease.</summary>
    /// <param name="epoch">The owner's epoch.</param>
    /// <param name="asked">The timestamp before the database was asked: the lease began no earlier.</param>
    /// <param name="lifetime">For how long it was asked.</param>
    public void Confirm(long epoch, long asked, TimeSpan lifetime)
    {
        _isHeld = true;
        Interlocked.Exchange(ref _epoch, epoch);
        Interlocked.Exchange(ref _until, asked + (long)(lifetime.TotalSeconds * time.TimestampFrequency));
    }

    /// <summary>Another process owns the store, or may.</summary>
    public void End()
    {
        _isHeld = false;
        Interlocked.Exchange(ref _until, long.MinValue);
    }
}
