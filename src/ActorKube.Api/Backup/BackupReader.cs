using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace ActorKube.Api.Backup;

/// <summary>Reads a backup from a stream, block by block.</summary>
public static class BackupReader
{
    private const int Chunk = 1 << 16;

    /// <summary>
    /// The records. Whoever reads them to the end knows that they are those that were written; who takes them earlier does not, since the checksum stands at the end.
    /// </summary>
    /// <param name="input">The backup.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="BackupException">It is no backup, not whole, or damaged.</exception>
    public static async IAsyncEnumerable<BackupRecord> ReadAsync(Stream input, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Begin(await TakeAsync(input, BackupFormat.Magic.Length, hash, cancellation).ConfigureAwait(false));
        while (true)
        {
            var head = await TakeAsync(input, 2 * sizeof(int), hash, cancellation).ConfigureAwait(false);
            var (stored, plain) = (BinaryPrimitives.ReadInt32LittleEndian(head), BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(sizeof(int))));
            if (stored == 0 && plain == 0)
                break;
            if (stored <= 0 || plain <= 0)
                throw Damaged(null);
            foreach (var record in Records(await TakeAsync(input, stored, hash, cancellation).ConfigureAwait(false), plain))
                yield return record;
        }

        var expected = hash.GetHashAndReset();
        if (!(await TakeAsync(input, BackupFormat.HashLength, hash, cancellation).ConfigureAwait(false)).AsSpan().SequenceEqual(expected))
            throw new BackupException("the backup is damaged: its content does not have its checksum");
        if (await input.ReadAsync(new byte[1], cancellation).ConfigureAwait(false) > 0)
            throw new BackupException("the backup is damaged: something follows its end");
    }

    private static void Begin(byte[] magic)
    {
        if (magic.AsSpan().SequenceEqual(BackupFormat.Magic))
            return;
        throw new BackupException(magic.AsSpan().StartsWith(BackupFormat.Name)
            ? "the backup has a format that this version cannot read"
            : "this is no backup of ActorKube");
    }

    // Reads no more at once than is really there: a damaged length must not take all memory.
    private static async Task<byte[]> TakeAsync(Stream input, int length, IncrementalHash hash, CancellationToken cancellation)
    {
        var taken = new MemoryStream(Math.Min(length, Chunk));
        var buffer = new byte[Math.Min(length, Chunk)];
        while (taken.Length < length)
        {
            var read = await input.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - taken.Length)), cancellation).ConfigureAwait(false);
            if (read == 0)
                throw new BackupException("the backup is not whole: it ends before its end");
            taken.Write(buffer, 0, read);
        }

        var bytes = taken.ToArray();
        hash.AppendData(bytes);
        return bytes;
    }

    private static List<BackupRecord> Records(byte[] stored, int plain)
    {
        try
        {
            using var block = new MemoryStream();
            using (var brotli = new BrotliStream(new MemoryStream(stored), CompressionMode.Decompress))
                Copy(brotli, block, plain);
            block.Position = 0;
            var records = new List<BackupRecord>();
            using var reader = new BinaryReader(block);
            while (block.Position < block.Length)
                records.Add(BackupFormat.Read(reader));
            return records;
        }
        catch (Exception e) when (e is not (OutOfMemoryException or BackupException)) // a decoder may trip over anything in bytes that nobody wrote
        {
            throw Damaged(e);
        }
    }

    private static void Copy(Stream from, MemoryStream to, int length)
    {
        var buffer = new byte[Chunk];
        int read;
        while ((read = from.Read(buffer)) > 0)
        {
            if (to.Length + read > length)
                throw new InvalidDataException("a block is longer than it says");
            to.Write(buffer, 0, read);
        }

        if (to.Length != length)
            throw new InvalidDataException("a block is shorter than it says");
    }

    private static BackupException Damaged(Exception? inner) => new("the backup is damaged: a block cannot be read", inner);
}
