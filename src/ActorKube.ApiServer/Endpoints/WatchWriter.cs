using System.Buffers;
using System.Text;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Protobuf;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using Microsoft.AspNetCore.Http;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>Streams a watch as one JSON document a line, or as one protobuf frame after the other, flushed after each batch.</summary>
/// <param name="time">For ages in tables.</param>
/// <param name="patience">How long a client may take nothing of what it is sent.</param>
/// <param name="stopping">Ends all watches when the server stops: clients then go on with another server, or wait for this one.</param>
internal sealed class WatchWriter(TimeProvider time, TimeSpan patience, CancellationToken stopping)
{
    /// <summary>Writes events until the watch ends. An <see cref="ApiException"/> of the enumeration becomes an ERROR event.</summary>
    public async Task WriteAsync(HttpContext http, IAsyncEnumerable<IReadOnlyList<ApiWatchEvent>> events, ResponseFormat format, ResourceKind kind)
    {
        var include = TableWriter.ParseInclude(http.Request.Query["includeObject"]);
        var response = http.Response;
        response.StatusCode = 200;
        response.ContentType = format.Wire == WireFormat.Protobuf ? ProtobufWriter.MediaType + ";stream=watch" : "application/json";
        await response.StartAsync(http.RequestAborted).ConfigureAwait(false);
        var writer = response.BodyWriter;
        await writer.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        using var running = RequestMetrics.BeginWatch(kind.Group, kind.Version, kind.Resource);
        var columns = true;
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        try
        {
            await foreach (var batch in events.WithCancellation(ends.Token).ConfigureAwait(false))
            {
                foreach (var change in batch)
                {
                    if (format.Wire == WireFormat.Protobuf)
                    {
                        ProtobufWriter.Frame(writer, change.Type, format.Projection == Projection.None ? ProtobufWriter.Object(change.Object) : ProtobufWriter.Partial(change.Object));
                        continue;
                    }

                    Write(writer, change.Type, Body(change, format, kind, include, ref columns));
                }

                running.Sent(batch.Count);
                if (!await TryFlushAsync(http).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        catch (ApiException e)
        {
            if (format.Wire == WireFormat.Protobuf)
            {
                ProtobufWriter.Frame(writer, "ERROR", ProtobufWriter.Object(new ApiObject(e.Status)));
            }
            else
            {
                Write(writer, "ERROR", ApiJson.Serialize(e.Status));
            }

            await writer.FlushAsync(http.RequestAborted).ConfigureAwait(false);
        }
    }

    // False when the watch is over: the client is gone, or takes nothing and is cut off.
    private async ValueTask<bool> TryFlushAsync(HttpContext http)
    {
        var flush = http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        if (flush.IsCompletedSuccessfully)
        {
            return !flush.Result.IsCompleted;
        }

        try
        {
            return !(await flush.AsTask().WaitAsync(patience, time, http.RequestAborted).ConfigureAwait(false)).IsCompleted;
        }
        catch (TimeoutException)
        {
            http.Abort();
            return false;
        }
    }

    private ReadOnlyMemory<byte> Body(ApiWatchEvent change, ResponseFormat format, ResourceKind kind, TableWriter.IncludeObject include, ref bool columns)
    {
        switch (format.Projection)
        {
            case Projection.None:
                return change.Object.Json;
            case Projection.PartialObjectMetadata:
                return ResponseWriter.Render(json => TableWriter.WritePartial(json, change.Object));
            default:
                var first = columns;
                columns = false;
                var strategy = StrategyRegistry.BuiltIn.Of(kind);
                return change.Type == "BOOKMARK"
                    ? ResponseWriter.Render(json => TableWriter.WriteBookmark(json, strategy, change.Object, include, first))
                    : ResponseWriter.Render(json => TableWriter.WriteTable(json, strategy, [change.Object], null, include, first, time.GetUtcNow()));
        }
    }

    private static void Write(IBufferWriter<byte> writer, string type, ReadOnlyMemory<byte> json)
    {
        writer.Write("{\"type\":\""u8);
        writer.Write(Encoding.ASCII.GetBytes(type));
        writer.Write("\",\"object\":"u8);
        writer.Write(json.Span);
        writer.Write("}\n"u8);
    }
}
