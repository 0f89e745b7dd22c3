using ActorKube.Api.Machinery;
using ActorKube.Client.Transport;
using Akka.Actor;
using Akka.Event;
using k8s;
using k8s.Models;

namespace ActorKube.Client.Informers;

/// <summary>
/// Keeps one informer current: lists, watches from the list's version on, and goes on from the last version seen when a watch ends.
/// When that version is too old (410) it lists again and tells subscribers the difference. Supervised by the informers' group.
/// </summary>
internal sealed class InformerActor<T> : ReceiveActor, IWithTimers where T : class, IKubernetesObject<V1ObjectMeta>
{
    public sealed record Subscribe(IActorRef Subscriber);
    public sealed record Unsubscribe(IActorRef Subscriber);

    // Each try has a number, so that what a former try still sends is dropped.
    private sealed record Listed(int Try, ResourceList<T> List);
    private sealed record ListFailed(int Try, Exception Error);
    private sealed record Seen(int Try, WatchEvent<T> Event);
    private sealed record WatchEnded(int Try, Exception? Error);
    private sealed record ListNow { public static readonly ListNow Instance = new(); }
    private sealed record WatchNow { public static readonly WatchNow Instance = new(); }

    // "Any version will do": answered from the server's memory. After a 410 that might be the same old version again.
    private const string AnyVersion = "0";

    private readonly Informer<T> _informer;
    private readonly IResourceClient<T> _client;
    private readonly string? _namespace;
    private readonly ListOptions _selection;
    private readonly InformerOptions _options;
    private readonly BackOff _backOff;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private CancellationTokenSource _watch = new();
    private string _resourceVersion = "";
    private string _listFrom = AnyVersion;
    private int _try;

    public InformerActor(Informer<T> informer, IApiClient client, string? ns, ListOptions selection, InformerOptions options)
    {
        _informer = informer;
        _client = client.For<T>();
        _namespace = ns;
        _selection = selection;
        _options = options;
        _backOff = new BackOff(options.RetryMin, options.RetryMax, options.Random);

        Receive<Subscribe>(Handle);
        Receive<Unsubscribe>(m => { if (_informer.Subscribers.Remove(m.Subscriber)) Context.Unwatch(m.Subscriber); });
        Receive<Terminated>(m => _informer.Subscribers.Remove(m.ActorRef));
        Receive<ListNow>(_ => List());
        Receive<Listed>(m => m.Try == _try, Handle);
        Receive<ListFailed>(m => m.Try == _try, Handle);
        Receive<WatchNow>(_ => Watch());
        Receive<Seen>(m => m.Try == _try, Handle);
        Receive<WatchEnded>(m => m.Try == _try, Handle);
        // Late results of former tries.
        Receive<Listed>(_ => { });
        Receive<ListFailed>(_ => { });
        Receive<Seen>(_ => { });
        Receive<WatchEnded>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => List();

    protected override void PostStop() => _watch.Cancel();

    private void Handle(Subscribe message)
    {
        if (!_informer.Subscribers.Add(message.Subscriber))
            return;
        Context.Watch(message.Subscriber);
        foreach (var value in _informer.Cache.List())
            message.Subscriber.Tell(new ResourceAdded<T>(value));
        if (_informer.HasSynced)
            message.Subscriber.Tell(new InformerSynced<T>());
    }

    private void List()
    {
        var current = ++_try;
        _client.ListAsync(_namespace, _selection with { ResourceVersion = _listFrom }, _watch.Token)
            .PipeTo(Self, success: list => new Listed(current, list), failure: e => new ListFailed(current, e));
    }

    private void Handle(Listed message)
    {
        TellAll(_informer.Cache.Replace(message.List.Items));
        _resourceVersion = message.List.ResourceVersion;
        _listFrom = AnyVersion;
        if (!_informer.HasSynced)
        {
            _log.Debug("The informer of {Kind} has {Count} objects", typeof(T).Name, message.List.Items.Count);
            _informer.SetSynced();
            foreach (var subscriber in _informer.Subscribers)
                subscriber.Tell(new InformerSynced<T>());
        }

        Watch();
    }

    private void Handle(ListFailed message)
    {
        var wait = _backOff.Next();
        _log.Warning("Listing {Kind} failed: {Reason}; next try in {Wait}", typeof(T).Name, message.Error.Message, wait);
        if (message.Error is ApiException { IsGone: true })
            _listFrom = "";
        Timers.StartSingleTimer("next", ListNow.Instance, wait);
    }

    private void Watch()
    {
        _watch.Cancel();
        _watch = new CancellationTokenSource();
        var timeout = _options.WatchTimeout * (1 + _options.Random.NextDouble());
        var options = _selection with { ResourceVersion = _resourceVersion, AllowWatchBookmarks = true, Timeout = timeout };
        _ = Pump(_client.WatchAsync(_namespace, options, _watch.Token), ++_try, Self, _watch.Token);
    }

    // Runs beside the actor and only sends it messages; every way out is one.
    private static async Task Pump(IAsyncEnumerable<WatchEvent<T>> watch, int current, IActorRef self, CancellationToken cancelled)
    {
        try
        {
            await foreach (var e in watch)
                self.Tell(new Seen(current, e), ActorRefs.NoSender);
            self.Tell(new WatchEnded(current, null), ActorRefs.NoSender);
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            // The actor moved on or stopped; nobody waits for this watch.
        }
        catch (Exception e)
        {
            self.Tell(new WatchEnded(current, e), ActorRefs.NoSender);
        }
    }

    private void Handle(Seen message)
    {
        _backOff.Reset();
        var value = message.Event.Object;
        switch (message.Event.Type)
        {
            case "ADDED" or "MODIFIED":
                TellAll(_informer.Cache.Set(value));
                break;
            case "DELETED":
                TellAll(_informer.Cache.Remove(value));
                break;
            case "BOOKMARK":
                break;
            default:
                throw new InvalidOperationException($"unknown watch event \"{message.Event.Type}\"");
        }

        _resourceVersion = value.Metadata.ResourceVersion;
    }

    private void Handle(WatchEnded message)
    {
        switch (message.Error)
        {
            case null:
                Timers.StartSingleTimer("next", WatchNow.Instance, _options.RetryMin);
                break;
            case ApiException { IsGone: true }:
                _log.Info("The watch of {Kind} fell too far behind; listing again", typeof(T).Name);
                _listFrom = "";
                Timers.StartSingleTimer("next", ListNow.Instance, _backOff.Next());
                break;
            case var error:
                var wait = _backOff.Next();
                _log.Info("The watch of {Kind} broke: {Reason}; next try in {Wait}", typeof(T).Name, error.Message, wait);
                Timers.StartSingleTimer("next", WatchNow.Instance, wait);
                break;
        }
    }

    private void TellAll(IEnumerable<ResourceEvent<T>> changes)
    {
        foreach (var change in changes)
        {
            foreach (var subscriber in _informer.Subscribers)
                subscriber.Tell(change);
        }
    }
}
