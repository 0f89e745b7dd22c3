using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Protobuf;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>Puts answers on the wire. An object's JSON was made when it was written: here it is only copied.</summary>
internal sealed class ResponseWriter(ApiServerSettings settings, TimeProvider time)
{
    private static readonly JsonWriterOptions WriterOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a response of the pipeline. <paramref name="kind"/> is the kind of a list's items; null when there is none.</summary>
    public Task WriteAsync(HttpContext http, ApiResponse response, ResponseFormat format, ResourceKind? kind)
    {
        foreach (var warning in response.Warnings ?? [])
        {
            AddWarning(http, warning);
        }

        if (response.List is { } list)
        {
            return format.Wire == WireFormat.Protobuf && kind is not null ? WriteProtobufListAsync(http, list, format, kind) : WriteListAsync(http, list, format, kind!);
        }

        var value = response.Object!;
        if (value.Value is V1Status { Code: 401 })
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        if (value.Value is V1Status { Details.RetryAfterSeconds: { } seconds })
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (format.Wire == WireFormat.Protobuf && ProtobufWriter.Knows(value.Type))
        {
            var metadataOnly = format.Projection == Projection.PartialObjectMetadata && kind is not null && IsProjectable(kind, value);
            return WriteBytesAsync(http, response.Code, metadataOnly ? ProtobufWriter.Partial(value) : ProtobufWriter.Object(value), false, ProtobufWriter.MediaType);
        }

        if (format.Projection == Projection.Table && value.Value is V1Scale)
        {
            return WriteBytesAsync(http, response.Code, Render(json => TableWriter.WriteScale(json, value, TableWriter.ParseInclude(http.Request.Query["includeObject"]), time.GetUtcNow())), format.Yaml);
        }

        if (format.Projection == Projection.None || value.Value is V1Status || kind is null || !IsProjectable(kind, value))
        {
            return WriteBytesAsync(http, response.Code, value.Json, format.Yaml);
        }

        var strategy = StrategyRegistry.BuiltIn.Of(kind);
        var body = Render(json =>
        {
            if (format.Projection == Projection.Table)
            {
                TableWriter.WriteTable(json, strategy, [value], null, TableWriter.ParseInclude(http.Request.Query["includeObject"]), true, time.GetUtcNow());
            }
            else
            {
                TableWriter.WritePartial(json, value);
            }
        });
        return WriteBytesAsync(http, response.Code, body, format.Yaml);
    }

    /// <summary>Writes a failure.</summary>
    public Task WriteErrorAsync(HttpContext http, ApiException error) =>
        WriteAsync(http, new ApiResponse(error.Code, new ApiObject(error.Status)), ResponseFormat.OfFailure(http.Request.Headers.Accept), null);

    /// <summary>Writes a body.</summary>
    public async Task WriteBytesAsync(HttpContext http, int code, ReadOnlyMemory<byte> body, bool yaml = false, string? contentType = null)
    {
        var response = http.Response;
        response.StatusCode = code;
        response.ContentType = contentType ?? (yaml ? "application/yaml" : "application/json");
        if (yaml)
        {
            body = YamlOutput.FromJson(body.Span);
        }
        else if (contentType is null && ResponseFormat.IsPretty(http.Request))
        {
            body = Indented(body);
        }

        if (Compresses(http, body.Length))
        {
            response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(response.Body, CompressionLevel.Fastest, true);
            await gzip.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
            return;
        }

        response.ContentLength = body.Length;
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        await response.BodyWriter.WriteAsync(body, http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>JSON written by a function.</summary>
    public static ReadOnlyMemory<byte> Render(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            write(json);
        }

        return buffer.WrittenMemory;
    }

    private static ReadOnlyMemory<byte> Indented(ReadOnlyMemory<byte> json)
    {
        var buffer = new ArrayBufferWriter<byte>(json.Length * 2);
        using (var document = JsonDocument.Parse(json))
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions with { Indented = true }))
        {
            document.WriteTo(writer);
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Adds a <c>Warning</c> header.</summary>
    public static void AddWarning(HttpContext http, string text)
    {
        var value = new StringBuilder("299 - \"");
        foreach (var c in text)
        {
            if (c is '"' or '\\')
            {
                value.Append('\\');
            }

            value.Append(c is < ' ' or > '~' ? ' ' : c);
        }

        http.Response.Headers.Append("Warning", value.Append('"').ToString());
    }

    /// <summary>Whether an answer of the kind can be a table row: it is one of its objects and not, say, its Scale.</summary>
    private static bool IsProjectable(ResourceKind kind, ApiObject value) => kind.Allows("list") && value.Value.GetType() == kind.ClrType;

    private Task WriteListAsync(HttpContext http, ApiList list, ResponseFormat format, ResourceKind kind)
    {
        if (format.Projection != Projection.None)
        {
            return WriteBytesAsync(http, 200, Render(json =>
            {
                if (format.Projection == Projection.Table)
                {
                    TableWriter.WriteTable(json, StrategyRegistry.BuiltIn.Of(kind), list.Items, list, TableWriter.ParseInclude(http.Request.Query["includeObject"]), true, time.GetUtcNow());
                }
                else
                {
                    TableWriter.WritePartialList(json, list);
                }
            }), format.Yaml);
        }

        if (format.Yaml || ResponseFormat.IsPretty(http.Request))
        {
            var buffer = new ArrayBufferWriter<byte>();
            WriteItems(buffer, list, kind);
            return WriteBytesAsync(http, 200, buffer.WrittenMemory, format.Yaml);
        }

        return StreamListAsync(http, list, kind);
    }

    private Task StreamListAsync(HttpContext http, ApiList list, ResourceKind kind) =>
        StreamAsync(http, "application/json", list.Items.Sum(i => (long)i.Json.Length), output => WriteItemsAsync(output, list, kind, http.RequestAborted));

    private Task WriteProtobufListAsync(HttpContext http, ApiList list, ResponseFormat format, ResourceKind kind)
    {
        var metadataOnly = format.Projection == Projection.PartialObjectMetadata;
        var messages = ProtobufWriter.Messages(list, metadataOnly);
        return StreamAsync(
            http, ProtobufWriter.MediaType, ProtobufWriter.SizeOf(messages), output => ProtobufWriter.WriteListAsync(output, kind, list, metadataOnly, messages, http.RequestAborted));
    }

    private async Task StreamAsync(HttpContext http, string contentType, long size, Func<System.IO.Pipelines.PipeWriter, Task> write)
    {
        var response = http.Response;
        response.StatusCode = 200;
        response.ContentType = contentType;
        if (Compresses(http, size))
        {
            response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(response.Body, CompressionLevel.Fastest, true);
            var pipe = System.IO.Pipelines.PipeWriter.Create(gzip, new System.IO.Pipelines.StreamPipeWriterOptions(leaveOpen: true));
            await write(pipe).ConfigureAwait(false);
            await pipe.CompleteAsync().ConfigureAwait(false);
            return;
        }

        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await write(response.BodyWriter).ConfigureAwait(false);
        }
    }

    private static async Task WriteItemsAsync(System.IO.Pipelines.PipeWriter writer, ApiList list, ResourceKind kind, CancellationToken cancellationToken)
    {
        const int flushEvery = 256 * 1024;
        var prefix = ItemPrefix(kind);
        WriteHead(writer, list, kind);
        long pending = 0;
        for (var i = 0; i < list.Items.Count; i++)
        {
            pending += WriteItem(writer, list.Items[i].Json.Span, prefix, i > 0);
            if (pending > flushEvery)
            {
                await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                pending = 0;
            }
        }

        writer.Write("]}"u8);
        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void WriteItems(IBufferWriter<byte> writer, ApiList list, ResourceKind kind)
    {
        var prefix = ItemPrefix(kind);
        WriteHead(writer, list, kind);
        for (var i = 0; i < list.Items.Count; i++)
        {
            WriteItem(writer, list.Items[i].Json.Span, prefix, i > 0);
        }

        writer.Write("]}"u8);
    }

    private static void WriteHead(IBufferWriter<byte> writer, ApiList list, ResourceKind kind)
    {
        var head = new StringBuilder($"{{\"kind\":\"{kind.ListKind}\",\"apiVersion\":\"{kind.ApiVersion}\",\"metadata\":{{\"resourceVersion\":\"{list.ResourceVersion}\"");
        if (list.Continue.Length > 0)
        {
            head.Append(CultureInfo.InvariantCulture, $",\"continue\":\"{list.Continue}\"");
        }

        if (list.RemainingItemCount is { } remaining)
        {
            head.Append(CultureInfo.InvariantCulture, $",\"remainingItemCount\":{remaining}");
        }

        head.Append("},\"items\":[");
        writer.Write(Encoding.UTF8.GetBytes(head.ToString()));
    }

    // Items of a list do not say what they are; the list does. Our serializer puts apiVersion and kind first, so they are cut off at the front.
    // Items of custom resources do say it.
    private static byte[] ItemPrefix(ResourceKind kind) => kind.ClrType == typeof(CustomObject) ? [0] : Encoding.UTF8.GetBytes($"{{\"apiVersion\":\"{kind.ApiVersion}\",\"kind\":\"{kind.Kind}\",");

    private static int WriteItem(IBufferWriter<byte> writer, ReadOnlySpan<byte> json, byte[] prefix, bool comma)
    {
        if (comma)
        {
            writer.Write(","u8);
        }

        if (json.StartsWith(prefix))
        {
            writer.Write("{"u8);
            json = json[prefix.Length..];
        }

        writer.Write(json);
        return json.Length;
    }

    private bool Compresses(HttpContext http, long size)
    {
        if (size < settings.CompressFrom)
        {
            return false;
        }

        foreach (var header in http.Request.Headers.AcceptEncoding)
        {
            if (header is not null && header.Contains("gzip", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
