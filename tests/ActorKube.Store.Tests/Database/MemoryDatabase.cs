using ActorKube.Store.Database;
using ActorKube.Store.Resources;

namespace ActorKube.Store.Tests.Database;

/// <summary>The tables in memory, for tests of what reads and compacts them.</summary>
internal sealed class MemoryDatabase : IStoreDatabase
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Id, long Nr), JournalRow> _rows = [];
    private readonly Dictionary<(string Id, string Key), JournalRow> _base = [];
    private readonly Dictionary<string, Horizon> _horizons = [];

    public string JournalName => "memory";

    public string SnapshotsName => "memory";

    public int Shrunk { get; private set; }

    public int BaseOf(string persistenceId)
    {
        lock (_gate)
            return _base.Keys.Count(k => k.Id == persistenceId);
    }

    public int RowsOf(string persistenceId)
    {
        lock (_gate)
            return _rows.Keys.Count(k => k.Id == persistenceId);
    }

    public Task WriteAsync(IReadOnlyList<JournalRow> rows)
    {
        lock (_gate)
        {
            foreach (var row in rows)
                _rows.Add((row.PersistenceId, row.SequenceNr), row);
        }

        return Task.CompletedTask;
    }

    public Task ReplayAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found)
    {
        Range(persistenceId, from, to).Take((int)Math.Min(max, int.MaxValue)).ToList().ForEach(found);
        return Task.CompletedTask;
    }

    public Task ReadBackwardsAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found)
    {
        Enumerable.Reverse(Range(persistenceId, from, to)).Take((int)Math.Min(max, int.MaxValue)).ToList().ForEach(found);
        return Task.CompletedTask;
    }

    public Task<long> HighestSequenceNrAsync(string persistenceId) => Task.FromResult(Range(persistenceId, 0, long.MaxValue).LastOrDefault()?.SequenceNr ?? 0);

    public Task CompactAsync(string persistenceId, Horizon horizon, CompactionStep step)
    {
        lock (_gate)
        {
            foreach (var (key, nr) in step.Newest)
                _base[(persistenceId, key)] = _rows[(persistenceId, nr)];
            foreach (var key in _base.Keys.Where(k => k.Id == persistenceId && (step.Gone.Contains(k.Key) || !step.KeepsBase)).ToList())
                _base.Remove(key);
            foreach (var key in _rows.Keys.Where(k => k.Id == persistenceId && k.Nr <= horizon.SequenceNr).ToList())
                _rows.Remove(key);
            _horizons[persistenceId] = horizon;
        }

        return Task.CompletedTask;
    }

    public Task<Horizon?> ReadHorizonAsync(string persistenceId)
    {
        lock (_gate)
            return Task.FromResult(_horizons.GetValueOrDefault(persistenceId));
    }

    public Task<JournalRow?> ReadBaseAsync(string persistenceId, string key)
    {
        lock (_gate)
            return Task.FromResult(_base.GetValueOrDefault((persistenceId, key)));
    }

    public Task<JournalRow?> ReadBaseAsync(string persistenceId, long sequenceNr)
    {
        lock (_gate)
            return Task.FromResult(_base.Values.FirstOrDefault(r => r.PersistenceId == persistenceId && r.SequenceNr == sequenceNr));
    }

    public Task<bool> ShrinkAsync() => Task.FromResult(++Shrunk < 3);

    public Task DeleteRowsAsync(string persistenceId, long to) => throw new NotSupportedException();

    public Task SaveSnapshotAsync(SnapshotRow snapshot) => throw new NotSupportedException();

    public Task SaveSnapshotPartsAsync(IReadOnlyList<SnapshotRow> parts) => throw new NotSupportedException();

    public Task ReadSnapshotPartsAsync(string persistenceId, long to, Action<SnapshotRow> found) => throw new NotSupportedException();

    public Task<SnapshotRow?> LoadSnapshotAsync(string persistenceId, SnapshotRange range) => throw new NotSupportedException();

    public Task DeleteSnapshotsAsync(string persistenceId, SnapshotRange range) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private List<JournalRow> Range(string persistenceId, long from, long to)
    {
        lock (_gate)
            return [.. _rows.Values.Where(r => r.PersistenceId == persistenceId && r.SequenceNr >= from && r.SequenceNr <= to)];
    }
}
