using System.Security.Cryptography;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// Blobs by their SHA-256 digest. A blob appears under its name only when complete and checked (write aside, then rename),
/// so a process killed at any moment leaves no half blob behind, and two writers of one blob do not disturb each other.
/// </summary>
internal sealed class BlobStore
{
    private readonly string _blobs;
    private readonly string _ingest;
    private int _next;

    public BlobStore(string root)
    {
        _blobs = Path.Combine(root, "blobs", "sha256");
        _ingest = Path.Combine(root, "ingest");
        Directory.CreateDirectory(_blobs);
        if (Directory.Exists(_ingest))
            Directory.Delete(_ingest, recursive: true);
        Directory.CreateDirectory(_ingest);
    }

    public bool Contains(string digest) => File.Exists(PathOf(digest));

    public long Size(string digest) => new FileInfo(PathOf(digest)).Length;

    public FileStream OpenRead(string digest) => new(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read, 128 * 1024);

    public byte[] Read(string digest) => File.ReadAllBytes(PathOf(digest));

    public IEnumerable<string> All() => Directory.EnumerateFiles(_blobs).Select(f => "sha256:" + Path.GetFileName(f));

    public void Delete(string digest) => File.Delete(PathOf(digest));

    /// <summary>Stores bytes; returns their digest.</summary>
    public string Write(ReadOnlySpan<byte> content)
    {
        var digest = DigestOf(content);
        if (Contains(digest))
            return digest;
        var temporary = TemporaryPath();
        using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, PathOf(digest), overwrite: true);
        return digest;
    }

    /// <summary>Stores a stream; when a digest or size is expected, content that differs is refused and nothing stays.</summary>
    /// <param name="content">What to store.</param>
    /// <param name="expectedDigest">The digest it must have.</param>
    /// <param name="expectedSize">The size it must have.</param>
    /// <param name="progress">Called after each part, for whoever minds a download that stands still.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(string Digest, long Size)> WriteAsync(
        Stream content, string? expectedDigest, long? expectedSize, Action progress, CancellationToken cancellationToken)
    {
        var temporary = TemporaryPath();
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long size = 0;
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, useAsync: true))
            {
                var buffer = new byte[128 * 1024];
                while (await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
                {
                    progress();
                    size += read;
                    if (size > expectedSize)
                        throw new InvalidDataException($"more than the expected {expectedSize} bytes for {expectedDigest}");
                    hash.AppendData(buffer, 0, read);
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }
                file.Flush(flushToDisk: true);
            }
            if (expectedSize is { } want && size != want)
                throw new InvalidDataException($"unexpected commit size {size}, expected {want}");
            var digest = "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
            if (expectedDigest is not null && digest != expectedDigest)
                throw new InvalidDataException($"unexpected commit digest {digest}, expected {expectedDigest}");
            File.Move(temporary, PathOf(digest), overwrite: true);
            return (digest, size);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Stores a tar entry's content under its digest, which is announced before the blob appears.</summary>
    public string WriteEntry(TarStream tar, byte[] buffer, string? expectedDigest, Action<string> announce)
    {
        var temporary = TemporaryPath();
        try
        {
            using var hash = SHA256.Create();
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0))
            {
                using var hashing = new CryptoStream(file, hash, CryptoStreamMode.Write, leaveOpen: true);
                tar.CopyContentTo(hashing, buffer);
                hashing.FlushFinalBlock();
                file.Flush(flushToDisk: true);
            }
            var digest = "sha256:" + Convert.ToHexStringLower(hash.Hash!);
            if (expectedDigest is not null && digest != expectedDigest)
                throw new ContainerRuntimeException($"the archive's blob {expectedDigest} has the digest {digest}");
            announce(digest);
            File.Move(temporary, PathOf(digest), overwrite: true);
            return digest;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public static string DigestOf(ReadOnlySpan<byte> content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private string PathOf(string digest) =>
        ImageReference.IsDigest(digest)
            ? Path.Combine(_blobs, digest["sha256:".Length..])
            : throw new ContainerRuntimeException($"unsupported digest \"{digest}\"");

    private string TemporaryPath() => Path.Combine(_ingest, $"{Interlocked.Increment(ref _next)}");
}
