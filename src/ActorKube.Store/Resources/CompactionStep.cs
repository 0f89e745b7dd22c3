using ActorKube.Store.Protocol;

namespace ActorKube.Store.Resources;

/// <summary>What compaction needs of an event: all but the object.</summary>
/// <param name="Revision">Its revision.</param>
/// <param name="Type">What happened.</param>
/// <param name="Key">To which object.</param>
/// <param name="Created">When it was written, in ticks of UTC.</param>
internal sealed record EventHeader(long Revision, StoreEventType Type, string Key, long Created);

/// <summary>
/// The horizon of a resource type's history is the earliest revision whose state can still be told. Behind it stays the base: of each object that there was, the
/// newest event: what it was then, where its later events lead back to, and all that remains of an object that nobody touched for long. When the horizon moves on over some
/// events, they leave the journal, and this is what changes in the base.
/// <para>
/// Example: 1 creates a, 2 creates b, 3 updates a, 4 removes b, 5 updates a. Moving over 1 and 2 puts both into the base, over 3 and 4 puts 3 in the place of 1 and takes b out. The state at 4
/// is {a: 3}; 5 leads back to 3.
/// </para>
/// </summary>
/// <param name="Newest">Events that become the newest of their objects, by key.</param>
/// <param name="Gone">Objects that there are no longer.</param>
/// <param name="KeepsBase">Whether there is to be a base at all.</param>
internal sealed record CompactionStep(IReadOnlyDictionary<string, long> Newest, IReadOnlyCollection<string> Gone, bool KeepsBase = true)
{
    /// <summary>Nothing is kept.</summary>
    public static CompactionStep Nothing { get; } = new(new Dictionary<string, long>(), [], KeepsBase: false);

    /// <summary>Over the next events, which are in order.</summary>
    public static CompactionStep Over(IEnumerable<EventHeader> events)
    {
        var newest = new Dictionary<string, long>(StringComparer.Ordinal);
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in events)
        {
            switch (change.Type)
            {
                case StoreEventType.Created or StoreEventType.Updated:
                    newest[change.Key] = change.Revision;
                    gone.Remove(change.Key);
                    break;
                case StoreEventType.Removed:
                    newest.Remove(change.Key);
                    gone.Add(change.Key);
                    break;
            }
        }

        return new CompactionStep(newest, gone);
    }
}
