namespace ActorKube.Store.Database;

/// <summary>
/// From where on a persistence id's rows are complete: the state at <see cref="SequenceNr"/> and at every later number can be told. Of what was before, the base has the newest
/// row of each object.
/// </summary>
/// <param name="SequenceNr">The earliest sequence number whose state can be told; 0: everything is there.</param>
/// <param name="Created">When that state began, in ticks of UTC; 0 for the beginning of time.</param>
internal sealed record Horizon(long SequenceNr, long Created)
{
    /// <summary>Nothing was deleted.</summary>
    public static Horizon None { get; } = new(0, 0);

    /// <summary>The horizon of a persistence id.</summary>
    public static async Task<Horizon> OfAsync(IStoreDatabase database, string persistenceId)
    {
        var horizon = await database.ReadHorizonAsync(persistenceId).ConfigureAwait(false) ?? None;

        // Older versions, and Akka.Persistence itself, delete everything up to some row and do not say so.
        await database.ReplayAsync(persistenceId, horizon.SequenceNr + 1, long.MaxValue, 1, row =>
        {
            if (row.SequenceNr > horizon.SequenceNr + 1)
                horizon = new Horizon(row.SequenceNr - 1, row.Created);
        }).ConfigureAwait(false);
        return horizon;
    }
}
