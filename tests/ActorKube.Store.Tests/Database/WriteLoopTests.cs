using ActorKube.Store.Database;
using ActorKube.Store.Resources;

namespace ActorKube.Store.Tests.Database;

public sealed class WriteLoopTests
{
    [Fact]
    public async Task What_comes_while_a_transaction_is_under_way_shares_the_next()
    {
        var database = new FakeDatabase();
        var loop = new WriteLoop(database, maxRows: 100);
        var first = loop.WriteAsync([Row("a", 1)]);
        await database.Entered.WaitAsync();
        var later = Task.WhenAll(loop.WriteAsync([Row("b", 1), Row("b", 2)]), loop.WriteAsync([Row("c", 1)]), loop.WriteAsync([Row("d", 1)]));
        database.Leave.Release(2);
        await first;
        await later;
        Assert.Equal(["a1", "b1 b2 c1 d1"], database.Transactions);
    }

    [Fact]
    public async Task A_transaction_is_full_at_its_limit_but_one_write_is_never_split()
    {
        var database = new FakeDatabase();
        var loop = new WriteLoop(database, maxRows: 3);
        var first = loop.WriteAsync([Row("a", 1)]);
        await database.Entered.WaitAsync();
        var later = Task.WhenAll(
            loop.WriteAsync([Row("b", 1), Row("b", 2)]), loop.WriteAsync([Row("c", 1), Row("c", 2)]), loop.WriteAsync([Row("d", 1), Row("d", 2), Row("d", 3), Row("d", 4)]));
        database.Leave.Release(10);
        await first;
        await later;
        Assert.Equal(["a1", "b1 b2", "c1 c2", "d1 d2 d3 d4"], database.Transactions);
    }

    [Fact]
    public async Task An_actor_that_has_been_replaced_fails_alone()
    {
        var database = new FakeDatabase { Refused = "stale" };
        var loop = new WriteLoop(database, maxRows: 100);
        var first = loop.WriteAsync([Row("a", 1)]);
        await database.Entered.WaitAsync();
        var (innocent, guilty, another) = (loop.WriteAsync([Row("b", 1)]), loop.WriteAsync([Row("stale", 1)]), loop.WriteAsync([Row("c", 1)]));
        database.Leave.Release(10);
        await first;
        await innocent;
        await another;
        await Assert.ThrowsAsync<DuplicateRowException>(() => guilty);
        Assert.Equal(["a1", "b1", "c1"], database.Transactions);
    }

    [Fact]
    public async Task After_any_other_failure_nothing_is_tried_again()
    {
        var database = new FakeDatabase { Failure = new IOException("disk full") };
        var loop = new WriteLoop(database, maxRows: 100);
        database.Leave.Release(10);
        await Assert.ThrowsAsync<IOException>(() => loop.WriteAsync([Row("a", 1)]));
        database.Failure = null;
        await loop.WriteAsync([Row("b", 1)]);
        Assert.Equal(["b1"], database.Transactions);
    }

    private static JournalRow Row(string id, long nr) => new(id, nr, 0, 0, "", "", []);

    private sealed class FakeDatabase : IStoreDatabase
    {
        public string JournalName => "nowhere";

        public string SnapshotsName => "nowhere";

        public List<string> Transactions { get; } = [];

        public SemaphoreSlim Entered { get; } = new(0);

        public SemaphoreSlim Leave { get; } = new(0);

        public string? Refused { get; init; }

        public Exception? Failure { get; set; }

        public async Task WriteAsync(IReadOnlyList<JournalRow> rows)
        {
            Entered.Release();
            await Leave.WaitAsync();
            if (Failure is not null)
                throw Failure;
            if (rows.Any(r => r.PersistenceId == Refused))
                throw new DuplicateRowException(new InvalidOperationException("unique"));
            Transactions.Add(string.Join(' ', rows.Select(r => r.PersistenceId + r.SequenceNr)));
        }

        public Task ReplayAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found) => throw new NotSupportedException();

        public Task<long> HighestSequenceNrAsync(string persistenceId) => throw new NotSupportedException();

        public Task ReadBackwardsAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found) => throw new NotSupportedException();

        public Task CompactAsync(string persistenceId, Horizon horizon, CompactionStep step) => throw new NotSupportedException();

        public Task<Horizon?> ReadHorizonAsync(string persistenceId) => throw new NotSupportedException();

        public Task<JournalRow?> ReadBaseAsync(string persistenceId, string key) => throw new NotSupportedException();

        public Task<JournalRow?> ReadBaseAsync(string persistenceId, long sequenceNr) => throw new NotSupportedException();

        public Task<bool> ShrinkAsync() => throw new NotSupportedException();

        public Task SaveSnapshotPartsAsync(IReadOnlyList<SnapshotRow> parts) => throw new NotSupportedException();

        public Task ReadSnapshotPartsAsync(string persistenceId, long to, Action<SnapshotRow> found) => throw new NotSupportedException();

        public Task DeleteRowsAsync(string persistenceId, long to) => throw new NotSupportedException();

        public Task SaveSnapshotAsync(SnapshotRow snapshot) => throw new NotSupportedException();

        public Task<SnapshotRow?> LoadSnapshotAsync(string persistenceId, SnapshotRange range) => throw new NotSupportedException();

        public Task DeleteSnapshotsAsync(string persistenceId, SnapshotRange range) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
