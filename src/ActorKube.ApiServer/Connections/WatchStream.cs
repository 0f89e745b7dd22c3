using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Pipeline;
using ActorKube.Client.Protocol;
using Akka.Actor;
using k8s.Models;

namespace ActorKube.ApiServer.Connections;

/// <summary>
/// Sends one watch's events to a component, never more than a window ahead of what the component has acknowledged. While it is held it
/// does not read, and a watch that does not read for too long loses its place in the log and ends with 410.
/// </summary>
internal sealed class WatchStream(long id, IActorRef client, IActorRef connection, int window)
{
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;
    private long _outstanding;

    /// <summary>Opens the watch and begins to send.</summary>
    public void Start(ApiPipeline pipeline, ApiRequest request, UserInfo user) => _ = Task.Run(() => RunAsync(pipeline, request, user));

    /// <summary>The client took events.</summary>
    public void Acknowledge(int count)
    {
        lock (_gate)
        {
            _outstanding -= count;
            if (_outstanding < window)
            {
                _room?.TrySetResult();
                _room = null;
            }
        }
    }

    /// <summary>The client wants no more.</summary>
    public void Close() => _closed.Cancel();

    private async Task RunAsync(ApiPipeline pipeline, ApiRequest request, UserInfo user)
    {
        V1Status? error = null;
        try
        {
            using var running = RequestMetrics.BeginWatch(request.Group, request.Version, request.Resource);
            var events = await pipeline.WatchAsync(request, user, _closed.Token).ConfigureAwait(false);
            await foreach (var batch in events.WithCancellation(_closed.Token).ConfigureAwait(false))
            {
                client.Tell(new WatchEvents(id, batch), connection);
                running.Sent(batch.Count);
                await RoomAsync(batch.Count).ConfigureAwait(false);
            }
        }
        catch (ApiException e)
        {
            error = e.Status;
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested)
        {
            // Closed by the client or with the connection.
        }
        catch (Exception e)
        {
            error = ApiError.Internal(e.Message, e).Status;
        }

        if (!_closed.IsCancellationRequested)
        {
            client.Tell(new WatchClosed(id, error), connection);
        }

        connection.Tell(new ConnectionActor.WatchEnded(id, this), ActorRefs.NoSender);
    }

    private Task RoomAsync(int sent)
    {
        lock (_gate)
        {
            _outstanding += sent;
            if (_outstanding < window)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(_closed.Token);
        }
    }
}
