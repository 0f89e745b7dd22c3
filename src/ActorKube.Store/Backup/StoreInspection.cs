using ActorKube.Store.Database;

namespace ActorKube.Store.Backup;

/// <summary>What looking at the database found.</summary>
/// <param name="Damages">What is damaged, a line each; at most <see cref="StoreInspection.MostDamages"/> of each resource type.</param>
/// <param name="Healed">What is damaged and can be done without.</param>
/// <param name="Resources">Resource types looked at.</param>
/// <param name="Events">Events looked at.</param>
/// <param name="Snapshots">Snapshots looked at.</param>
public sealed record StoreFindings(IReadOnlyList<string> Damages, IReadOnlyList<string> Healed, int Resources, long Events, int Snapshots);

/// <summary>
/// Looks for damage in the database: rows whose content is not what was written, rows that are missing, files that the database itself cannot read.
/// Reads one moment of it while others may write.
/// </summary>
public sealed class StoreInspection
{
    /// <summary>Most damages told of one resource type.</summary>
    public const int MostDamages = 10;

    private readonly IStoreCut _cut;
    private readonly bool _everything;
    private readonly List<string> _damages = [];
    private readonly List<string> _healed = [];
    private long _events;
    private int _snapshots;

    private StoreInspection(IStoreCut cut, bool everything) => (_cut, _everything) = (cut, everything);

    /// <summary>
    /// Looks at what a start needs: that no event is missing anywhere, and that the newest snapshots and the events after them are what was written.
    /// Takes as long as reading the journal's index and these rows does.
    /// </summary>
    /// <param name="settings">The section <c>actorkube.store</c>.</param>
    /// <param name="cancellation">Ends the look.</param>
    public static Task<StoreFindings> AtStartAsync(StoreSettings settings, CancellationToken cancellation = default) => InspectAsync(settings, false, cancellation);

    /// <summary>Looks at every row, and has the database look at its files.</summary>
    /// <param name="settings">The section <c>actorkube.store</c>.</param>
    /// <param name="cancellation">Ends the look.</param>
    public static Task<StoreFindings> OfEverythingAsync(StoreSettings settings, CancellationToken cancellation = default) => InspectAsync(settings, true, cancellation);

    private static async Task<StoreFindings> InspectAsync(StoreSettings settings, bool everything, CancellationToken cancellation)
    {
        try
        {
            if (await StoreCuts.OpenWithResourcesAsync(settings).ConfigureAwait(false) is not var (cut, resources))
                return new StoreFindings([], [], 0, 0, 0);
            await using (cut.ConfigureAwait(false))
                return await new StoreInspection(cut, everything).InspectAsync(resources, cancellation).ConfigureAwait(false);
        }
        catch (StoreDamagedException e)
        {
            return new StoreFindings([e.Message], [], 0, 0, 0);
        }
    }

    private async Task<StoreFindings> InspectAsync(IReadOnlyList<CutResource> resources, CancellationToken cancellation)
    {
        if (_everything && await _cut.DamageAsync().ConfigureAwait(false) is { } damage)
            _damages.Add(damage);
        foreach (var resource in resources)
        {
            cancellation.ThrowIfCancellationRequested();
            if (resource.Gap(_cut) is { } gap)
                _damages.Add(gap);
            var next = resource.First;
            try
            {
                var needed = await SnapshotsAsync(resource).ConfigureAwait(false);
                next = _everything ? resource.First : Math.Max(resource.First, needed + 1);
                var told = 0;
                await foreach (var (row, _) in _cut.RowsAsync(resource, next, cancellation).ConfigureAwait(false))
                {
                    _events++;
                    next = row.SequenceNr + 1;
                    if (RowCheck.ProblemOf(row) is { } problem && told++ < MostDamages)
                        _damages.Add($"event {row.SequenceNr} of {resource.Name} in {_cut.JournalName} is damaged: {problem}");
                }
            }
            catch (Exception e) when (StoreCuts.DamageOf(e, _cut) is not null || e is InvalidCastException or FormatException or OverflowException)
            {
                _damages.Add($"event {next} of {resource.Name} in {_cut.JournalName} cannot be read: {e.Message}");
            }
        }

        return new StoreFindings(_damages, _healed, resources.Count, _events, _snapshots);
    }

    // The revision from which on events are needed.
    private async Task<long> SnapshotsAsync(CutResource resource)
    {
        var needed = resource.Snapshot;
        foreach (var number in _everything ? await _cut.SnapshotsAsync(resource.Id).ConfigureAwait(false) : resource.Snapshot > 0 ? [resource.Snapshot] : [])
        {
            _snapshots++;
            var row = await _cut.SnapshotAsync(resource.Id, number).ConfigureAwait(false);
            if (row is null || RowCheck.ProblemOf(row, _everything) is not { } problem)
                continue;
            var damage = $"snapshot {number} of {resource.Name} in {_cut.SnapshotsName} is damaged: {problem}";
            // A snapshot only spares replaying: where every event is still there, nothing is lost.
            if (resource.First == 1 && resource.Missing == 0)
                _healed.Add(damage);
            else
                _damages.Add(damage);
            if (number == needed)
                needed = 0;
        }

        return needed;
    }
}
