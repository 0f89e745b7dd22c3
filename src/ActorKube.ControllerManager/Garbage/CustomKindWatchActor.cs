using System.Collections.Immutable;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Protocol;
using Akka.Actor;
using Akka.Event;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Garbage;

/// <summary>
/// Tells its parent, the garbage collector, of the objects of one custom kind: lists, watches, and lists again when a watch ends, for which there is no
/// model class. Lives as long as the kind does.
/// </summary>
internal sealed class CustomKindWatchActor : ReceiveActor, IWithTimers
{
    /// <summary>An object is there.</summary>
    public sealed record Seen(ResourceKind Kind, V1ObjectMeta Metadata);

    /// <summary>An object is gone.</summary>
    public sealed record Gone(ResourceKind Kind, string Uid);

    /// <summary>All objects of the kind were told of.</summary>
    public sealed record Known(ResourceKind Kind);

    private sealed record Listed(ApiList List);
    private sealed record Change(string Type, V1ObjectMeta Metadata);
    private sealed record Ended(Exception? Error);
    private sealed record ListNow { public static readonly ListNow Instance = new(); }

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly IApiTransport _transport;
    private readonly ResourceKind _kind;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stopped = new();
    private HashSet<string> _known = [];

    public CustomKindWatchActor(IApiTransport transport, ResourceKind kind)
    {
        _transport = transport;
        _kind = kind;
        Receive<ListNow>(_ => List());
        Receive<Listed>(Handle);
        Receive<Change>(Handle);
        Receive<Ended>(Handle);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => List();

    protected override void PostStop() => _stopped.Cancel();

    private void List() => ListAsync(_transport, Request("list")).PipeTo(Self, success: list => new Listed(list), failure: e => new Ended(e));

    private void Handle(Listed listed)
    {
        var now = new HashSet<string>();
        foreach (var item in listed.List.Items)
        {
            var metadata = MetadataOf(item);
            now.Add(metadata.Uid);
            Context.Parent.Tell(new Seen(_kind, metadata));
        }

        foreach (var gone in _known.Except(now))
            Context.Parent.Tell(new Gone(_kind, gone));
        _known = now;
        Context.Parent.Tell(new Known(_kind));
        var query = ImmutableDictionary<string, string>.Empty.Add("resourceVersion", listed.List.ResourceVersion);
        _ = Pump(_transport, Request("watch") with { Query = query }, Self, _stopped.Token);
    }

    private void Handle(Change change)
    {
        if (change.Type == "DELETED")
        {
            _known.Remove(change.Metadata.Uid);
            Context.Parent.Tell(new Gone(_kind, change.Metadata.Uid));
            return;
        }

        _known.Add(change.Metadata.Uid);
        Context.Parent.Tell(new Seen(_kind, change.Metadata));
    }

    private void Handle(Ended ended)
    {
        if (ended.Error is not null)
            _log.Debug("{Kind}: {Reason}; it will be listed again", _kind.GroupResource, ended.Error.Message);
        Timers.StartSingleTimer("list", ListNow.Instance, Pause);
    }

    private static async Task<ApiList> ListAsync(IApiTransport transport, ApiRequest request)
    {
        var response = await transport.SendAsync(request);
        return response.Code < 400 ? response.List! : throw ApiError.From(response.Object!.As<V1Status>());
    }

    // Runs beside the actor and only sends it messages; every way out is one.
    private static async Task Pump(IApiTransport transport, ApiRequest request, IActorRef self, CancellationToken stopped)
    {
        try
        {
            await foreach (var e in transport.WatchAsync(request, stopped).WithCancellation(stopped))
            {
                if (e.Type is "ADDED" or "MODIFIED" or "DELETED")
                    self.Tell(new Change(e.Type, MetadataOf(e.Object)), ActorRefs.NoSender);
            }

            self.Tell(new Ended(null), ActorRefs.NoSender);
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // The kind is gone; nobody waits for this watch.
        }
        catch (Exception e)
        {
            self.Tell(new Ended(e), ActorRefs.NoSender);
        }
    }

    private static V1ObjectMeta MetadataOf(ApiObject value) =>
        value.Value is IMetadata<V1ObjectMeta> model ? model.Metadata : ApiJson.Deserialize<CustomObject>(value.Json.Span).Metadata;

    private ApiRequest Request(string verb) => new()
    {
        Verb = verb,
        Group = _kind.Group,
        Version = _kind.Version,
        Resource = _kind.Resource,
        UserAgent = ControllerManagerServices.UserAgent,
    };
}
