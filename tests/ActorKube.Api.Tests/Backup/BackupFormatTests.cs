using System.Text.Json;
using ActorKube.Api.Backup;
using CsCheck;

namespace ActorKube.Api.Tests.Backup;

public sealed class BackupFormatTests
{
    private static readonly Gen<byte[]> GenBytes = Gen.Byte.Array[0, 3000];

    private static readonly Gen<BackupRecord> GenRecord = Gen.OneOf<BackupRecord>(
        Gen.Select(Gen.String, Gen.Long, (cluster, epoch) => (BackupRecord)new BackupHeader { Cluster = cluster, Epoch = epoch, Database = "sqlite", Time = DateTimeOffset.UnixEpoch.AddSeconds(Math.Abs(epoch % 1_000_000)) }),
        Gen.Select(Gen.String, GenBytes, (name, content) => (BackupRecord)new BackupKey(name, content)),
        Gen.Select(Gen.String, Gen.Long, Gen.Long, Gen.Long, (id, a, b, c) => (BackupRecord)new BackupResource(id, a, b, c, 0)),
        Gen.Select(Gen.Long, Gen.Long, Gen.Int, Gen.String, GenBytes, (number, created, serializer, manifest, message) => (BackupRecord)new BackupSnapshot(number, created, serializer, manifest, message)),
        Gen.Select(Gen.Long, Gen.Int, Gen.String, Gen.Bool, GenBytes, (number, serializer, text, marked, message) => (BackupRecord)new BackupEvent(number, number, serializer, text, text, marked, message)),
        Gen.Select(Gen.Long, Gen.Long, (a, b) => (BackupRecord)new BackupEnd(a, b)),
        Gen.String.Select(reason => (BackupRecord)new BackupFailure(reason)));

    [Fact]
    public void Any_records_come_back_as_they_were() =>
        GenRecord.Array[0, 40].Sample(records =>
        {
            var read = ReadAsync(WriteAsync(records).GetAwaiter().GetResult()).ToBlockingEnumerable();
            Assert.Equal(records.Select(Text), read.Select(Text));
        }, iter: 200);

    [Fact]
    public async Task Records_larger_than_a_block_come_back_as_they_were()
    {
        var large = new byte[5_000_000];
        new Random(7).NextBytes(large);
        BackupRecord[] records = [new BackupKey("a", [1]), new BackupKey("large", large), new BackupKey("b", [2])];
        Assert.Equal(records.Select(Text), ReadAsync(await WriteAsync(records)).ToBlockingEnumerable().Select(Text));
    }

    [Fact]
    public async Task Any_changed_byte_is_noticed()
    {
        var backup = await WriteAsync(Whole);
        for (var i = 0; i < backup.Length; i++)
        {
            foreach (var change in new byte[] { 1, 0x80, 0xFF })
            {
                backup[i] ^= change;
                await Assert.ThrowsAsync<BackupException>(() => BackupInspector.InspectAsync(new MemoryStream(backup)));
                backup[i] ^= change;
            }
        }

        await BackupInspector.InspectAsync(new MemoryStream(backup));
    }

    [Fact]
    public async Task A_missing_end_is_noticed_wherever_it_ends()
    {
        var backup = await WriteAsync(Whole);
        for (var length = 0; length < backup.Length; length++)
            await Assert.ThrowsAsync<BackupException>(() => BackupInspector.InspectAsync(new MemoryStream(backup, 0, length)));
        await Assert.ThrowsAsync<BackupException>(() => BackupInspector.InspectAsync(new MemoryStream([.. backup, 0])));
    }

    [Fact]
    public async Task Tells_what_is_in_it()
    {
        var summary = await BackupInspector.InspectAsync(new MemoryStream(await WriteAsync(Whole)));
        Assert.Equal("uid", summary.Header.Cluster);
        Assert.Equal(["ca.key"], summary.Keys);
        Assert.Equal(["store-pods", "store-nodes"], summary.Resources.Select(r => r.Id));
        Assert.Equal(3, summary.Events);
    }

    [Fact]
    public async Task The_reason_why_a_writer_gave_up_is_told()
    {
        var backup = await WriteAsync([.. Whole[..3], new BackupFailure("event 7 of pods is damaged")]);
        var error = await Assert.ThrowsAsync<BackupException>(() => BackupInspector.InspectAsync(new MemoryStream(backup)));
        Assert.Equal("the backup is not whole: event 7 of pods is damaged", error.Message);
    }

    [Theory]
    [InlineData("something else that is no backup at all", "this is no backup of ActorKube")]
    [InlineData("actorkube-backup/9\nwhatever", "the backup has a format that this version cannot read")]
    public async Task Other_files_are_told_from_backups(string content, string message) =>
        Assert.Equal(message, (await Assert.ThrowsAsync<BackupException>(() => BackupInspector.InspectAsync(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content))))).Message);

    // Each is a whole file with a right checksum, whose records do not belong together.
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task A_backup_that_lacks_a_record_is_refused(int missing)
    {
        var backup = await WriteAsync([.. Whole.Where((_, i) => i != missing)]);
        await Assert.ThrowsAsync<BackupException>(() => BackupInspector.InspectAsync(new MemoryStream(backup)));
    }

    private static BackupRecord[] Whole =>
    [
        new BackupHeader { Cluster = "uid", Database = "sqlite", Time = DateTimeOffset.UnixEpoch },
        new BackupKey("ca.key", [1, 2, 3]),
        new BackupResource("store-pods", 9, 8, 2, 7),
        new BackupSnapshot(7, 1, 1864, "snapshot/2", [4, 5, 6]),
        new BackupEvent(8, 1, 1864, "event/2", "w", false, [7, 8]),
        new BackupEvent(9, 1, 1864, "event/2", "w", false, [9, 9]),
        new BackupResource("store-nodes", 1, 1, 1, 0),
        new BackupEvent(1, 1, 1864, "event/2", "w", false, [7, 8]),
        new BackupEnd(2, 3),
    ];

    private static async Task<byte[]> WriteAsync(IReadOnlyList<BackupRecord> records)
    {
        using var output = new MemoryStream();
        using var writer = new BackupWriter(output);
        foreach (var record in records)
            await writer.WriteAsync(record);
        await writer.CompleteAsync();
        return output.ToArray();
    }

    private static IAsyncEnumerable<BackupRecord> ReadAsync(byte[] backup) => BackupReader.ReadAsync(new MemoryStream(backup));

    private static string Text(BackupRecord record) => JsonSerializer.Serialize<object>(record);
}
