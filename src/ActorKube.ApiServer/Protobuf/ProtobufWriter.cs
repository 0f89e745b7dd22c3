using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Protobuf;

/// <summary>
/// Objects, lists and watch events in the Kubernetes protobuf encoding: <c>k8s\0</c> and a <c>runtime.Unknown</c> with the kind and the message.
/// An object's message is made once per version of it, and shared by everybody who is sent it.
/// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
/// </summary>
internal static class ProtobufWriter
{
    /// <summary>The media type.</summary>
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    private const string MetaGroup = "meta.k8s.io/v1";
    private static readonly ConcurrentDictionary<Type, MessageWriter?> Writers = [];

    /// <summary>Whether objects of the class have a message.</summary>
    public static bool Knows(Type? type) => type is not null && WriterOf(type) is not null;

    /// <summary>The message of an object, without envelope.</summary>
    public static ReadOnlyMemory<byte> Message(ApiObject item) => item.Protobuf(Encode);

    /// <summary>An object in its envelope.</summary>
    public static byte[] Object(ApiObject item)
    {
        var named = (k8s.IKubernetesObject)item.Value;
        return Envelope(named.ApiVersion, named.Kind, Message(item).Span);
    }

    /// <summary>The metadata of one object in its envelope.</summary>
    public static byte[] Partial(ApiObject item) => Envelope(MetaGroup, "PartialObjectMetadata", PartialMessage(item).Span);

    /// <summary>The messages of a list's objects.</summary>
    public static ReadOnlyMemory<byte>[] Messages(ApiList list, bool metadataOnly) =>
        [.. list.Items.Select(item => metadataOnly ? PartialMessage(item) : Message(item))];

    /// <summary>How many bytes a list of such messages takes, about.</summary>
    public static long SizeOf(ReadOnlyMemory<byte>[] messages)
    {
        long size = 0;
        foreach (var message in messages)
        {
            size += 1 + BackwardWriter.SizeOf((ulong)message.Length) + message.Length;
        }

        return size;
    }

    /// <summary>Writes a list in its envelope.</summary>
    public static async Task WriteListAsync(PipeWriter output, ResourceKind kind, ApiList list, bool metadataOnly, ReadOnlyMemory<byte>[] messages, CancellationToken cancellationToken)
    {
        const int flushEvery = 256 * 1024;
        var metadata = BackwardWriter.Write(static (writer, page) => WriteListMeta(writer, page), list);
        var size = metadata.Length + SizeOf(messages);
        output.Write(metadataOnly ? Head(MetaGroup, "PartialObjectMetadataList", size) : Head(kind.ApiVersion, kind.Kind + "List", size));
        output.Write(metadata);
        long pending = 0;
        foreach (var message in messages)
        {
            WriteItem(output, message.Span);
            pending += message.Length;
            if (pending > flushEvery)
            {
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                pending = 0;
            }
        }

        output.Write(Tail);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// One frame of a watch: the length in four bytes, then a WatchEvent that has no envelope itself but holds an object that has one.
    /// </summary>
    public static void Frame(IBufferWriter<byte> output, string type, ReadOnlySpan<byte> enveloped)
    {
        var (inner, name) = (enveloped.Length, Encoding.ASCII.GetBytes(type));
        var raw = 1 + BackwardWriter.SizeOf((ulong)inner) + inner;
        var size = 2 + name.Length + 1 + BackwardWriter.SizeOf((ulong)raw) + raw;
        var head = output.GetSpan(name.Length + 32);
        BinaryPrimitives.WriteInt32BigEndian(head, size);
        head[4] = (1 << 3) | 2;
        head[5] = (byte)name.Length;
        name.CopyTo(head[6..]);
        var at = 6 + name.Length;
        head[at++] = (2 << 3) | 2;
        at += Varint(head[at..], (ulong)raw);
        head[at++] = (1 << 3) | 2;
        at += Varint(head[at..], (ulong)inner);
        output.Advance(at);
        output.Write(enveloped);
    }

    private static void WriteItem(IBufferWriter<byte> output, ReadOnlySpan<byte> message)
    {
        var prefix = output.GetSpan(11);
        prefix[0] = (2 << 3) | 2;
        output.Advance(1 + Varint(prefix[1..], (ulong)message.Length));
        output.Write(message);
    }

    // contentEncoding and contentType, empty, which Kubernetes writes all the same.
    private static ReadOnlySpan<byte> Tail => [(3 << 3) | 2, 0, (4 << 3) | 2, 0];

    private static byte[] Encode(object value) =>
        WriterOf(value.GetType()) is { } message
            ? BackwardWriter.Write(static (writer, of) => of.message.Write(writer, of.value), (message, value))
            : throw new InvalidOperationException($"{value.GetType().Name} has no protobuf message.");

    private static ReadOnlyMemory<byte> PartialMessage(ApiObject item) => BackwardWriter.Write(
        static (writer, metadata) =>
        {
            WriterOf(typeof(V1ObjectMeta))!.Write(writer, metadata);
            writer.Close(1, 0);
        },
        item.Metadata);

    private static void WriteListMeta(BackwardWriter writer, ApiList list)
    {
        if (list.RemainingItemCount is { } remaining)
        {
            writer.Integer(4, remaining);
        }

        writer.Text(3, list.Continue);
        writer.Text(2, list.ResourceVersion);
        writer.Text(1, "");
        writer.Close(1, 0);
    }

    private static byte[] Envelope(string apiVersion, string kind, ReadOnlySpan<byte> message)
    {
        var head = Head(apiVersion, kind, message.Length);
        var result = new byte[head.Length + message.Length + Tail.Length];
        head.CopyTo(result, 0);
        message.CopyTo(result.AsSpan(head.Length));
        Tail.CopyTo(result.AsSpan(head.Length + message.Length));
        return result;
    }

    private static byte[] Head(string apiVersion, string kind, long size)
    {
        var type = BackwardWriter.Write(
            static (writer, of) =>
            {
                writer.Text(2, of.kind);
                writer.Text(1, of.apiVersion);
                writer.Close(1, 0);
            },
            (apiVersion, kind));
        Span<byte> length = stackalloc byte[10];
        return [.. "k8s\0"u8, .. type, (2 << 3) | 2, .. length[..Varint(length, (ulong)size)]];
    }

    private static int Varint(Span<byte> target, ulong value)
    {
        var size = 0;
        for (; value >= 0x80; value >>= 7)
        {
            target[size++] = (byte)(value | 0x80);
        }

        target[size++] = (byte)value;
        return size;
    }

    // The published definitions are named as the messages are, but for the prefix: io.k8s.api.core.v1.Pod and k8s.io.api.core.v1.Pod.
    private static MessageWriter? WriterOf(Type type) => Writers.GetOrAdd(type, static t =>
        ModelDefinitions.NameOf(t) is { } name && name.StartsWith("io.k8s.", StringComparison.Ordinal)
        && "k8s.io." + name["io.k8s.".Length..].Replace('-', '_') is var message && ProtobufSchema.Instance.Has(message)
            ? MessageWriter.Of(t, message)()
            : null);
}
