using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// Unpacked layers, shared by every image and container that has them, keyed by chain id (the layer and all below it).
/// <c>layers/&lt;16 hex digits&gt;/fs</c> is the layer's tree; it appears by one rename when complete.
/// </summary>
internal sealed class LayerStore
{
    private readonly BlobStore _blobs;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new();
    private int _next;

    public LayerStore(string root, BlobStore blobs, ILogger logger)
    {
        Root = Path.Combine(root, "layers");
        _blobs = blobs;
        _logger = logger;
        Directory.CreateDirectory(Root);
        foreach (var leftover in Directory.EnumerateDirectories(Root, ".*"))
            Directory.Delete(leftover, recursive: true);
    }

    /// <summary>The directory that overlay's short lower paths start from.</summary>
    public string Root { get; }

    /// <summary>The chain ids of an image's layers, lowest first: sha256 of (chain below, space, diff id).</summary>
    public static IReadOnlyList<string> ChainIds(IReadOnlyList<string> diffIds)
    {
        var chain = new List<string>(diffIds.Count);
        foreach (var diffId in diffIds)
            chain.Add(chain.Count == 0 ? diffId : BlobStore.DigestOf(Encoding.ASCII.GetBytes($"{chain[^1]} {diffId}")));
        return chain;
    }

    /// <summary>A layer's tree relative to <see cref="Root"/>, short because overlay's options must fit one page.</summary>
    public static string RelativeTree(string chainId) => $"{chainId["sha256:".Length..][..16]}/fs";

    public string Tree(string chainId) => Path.Combine(Root, RelativeTree(chainId));

    public bool Contains(string chainId) => ReadRecord(chainId)?.ChainId == chainId;

    /// <summary>Bytes and inodes of all unpacked layers.</summary>
    public (long Size, long Inodes) Usage()
    {
        long size = 0, inodes = 0;
        foreach (var directory in Directory.EnumerateDirectories(Root))
        {
            if (ReadRecordFile(Path.Combine(directory, "layer.json")) is not { } record)
                continue;
            size += record.Size;
            inodes += record.Inodes;
        }
        return (size, inodes);
    }

    /// <summary>Unpacks those layers of an image that are not there yet, one upon the other.</summary>
    public async Task EnsureUnpackedAsync(IReadOnlyList<string> layerBlobs, IReadOnlyList<string> diffIds, CancellationToken cancellationToken)
    {
        var chain = ChainIds(diffIds);
        for (var i = 0; i < chain.Count; i++)
        {
            var gate = _locks.GetOrAdd(chain[i], _ => new SemaphoreSlim(1));
            await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (Contains(chain[i]))
                    continue;
                var (index, lowers) = (i, chain.Take(i).Reverse().Select(Tree).ToArray());
                await Task.Factory.StartNew(
                    () => Unpack(layerBlobs[index], diffIds[index], chain[index], lowers, cancellationToken),
                    cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            }
            finally
            {
                gate.Release();
            }
        }
    }

    /// <summary>Applies all layers onto one directory, for a runtime that has no overlay.</summary>
    public void UnpackFlat(IReadOnlyList<string> layerBlobs, IReadOnlyList<string> diffIds, string directory, bool owners, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        for (var i = 0; i < layerBlobs.Count; i++)
            Apply(layerBlobs[i], diffIds[i], new LayerUnpacker(directory, [], UnpackMode.Flat, owners), cancellationToken);
    }

    /// <summary>Moves layers that are not kept out of the way; the caller deletes the returned directories at leisure.</summary>
    public IReadOnlyList<string> Detach(IReadOnlySet<string> keep)
    {
        var kept = keep.Select(c => c["sha256:".Length..][..16]).ToHashSet();
        var trash = new List<string>();
        foreach (var directory in Directory.EnumerateDirectories(Root))
        {
            var name = Path.GetFileName(directory);
            if (name.StartsWith('.') || kept.Contains(name))
                continue;
            trash.Add(TemporaryPath());
            Directory.Move(directory, trash[^1]);
        }
        return trash;
    }

    private void Unpack(string blob, string diffId, string chainId, IReadOnlyList<string> lowers, CancellationToken cancellationToken)
    {
        var temporary = TemporaryPath();
        var tree = Path.Combine(temporary, "fs");
        try
        {
            Directory.CreateDirectory(tree);
            PosixFile.SetMode(tree, 0x1ED); // 0755, whatever the umask
            var (size, inodes) = Apply(blob, diffId, new LayerUnpacker(tree, lowers, UnpackMode.Overlay, owners: true), cancellationToken);
            var record = new LayerRecord { ChainId = chainId, DiffId = diffId, Size = size, Inodes = inodes };
            File.WriteAllBytes(Path.Combine(temporary, "layer.json"), JsonSerializer.SerializeToUtf8Bytes(record, OciJson.Default.LayerRecord));
            Directory.Move(temporary, Path.GetDirectoryName(Tree(chainId))!);
            _logger.LogDebug("Unpacked layer {DiffId}: {Size} bytes, {Inodes} inodes", diffId, size, inodes);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    private (long Size, long Inodes) Apply(string blob, string diffId, LayerUnpacker unpacker, CancellationToken cancellationToken)
    {
        using var source = _blobs.OpenRead(blob);
        using var content = new HashingStream(LayerCompression.Decompress(source));
        var result = unpacker.Apply(content, cancellationToken);
        var actual = content.FinishAndDigest();
        return actual == diffId
            ? result
            : throw new InvalidDataException($"layer {blob} unpacks to {actual}, but the image says {diffId}");
    }

    private LayerRecord? ReadRecord(string chainId) => ReadRecordFile(Path.Combine(Path.GetDirectoryName(Tree(chainId))!, "layer.json"));

    private static LayerRecord? ReadRecordFile(string path) =>
        File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), OciJson.Default.LayerRecord) : null;

    private string TemporaryPath() => Path.Combine(Root, $".tmp-{Environment.ProcessId}-{Interlocked.Increment(ref _next)}");

    /// <summary>Hashes what is read through it.</summary>
    private sealed class HashingStream(Stream source) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Reads what follows the tar's end marker too: the digest is over the whole layer.</summary>
        public string FinishAndDigest()
        {
            var rest = new byte[64 * 1024];
            while (Read(rest) > 0)
            {
            }
            return "sha256:" + Convert.ToHexStringLower(_hash.GetHashAndReset());
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = source.Read(buffer);
            _hash.AppendData(buffer[..read]);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _hash.Dispose();
                source.Dispose();
            }
            base.Dispose(disposing);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
