using System.Collections.Immutable;
using ActorKube.Client;
using ActorKube.Kubelet.Pods;
using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.Kubelet.Volumes;

/// <summary>
/// Watches exactly the ConfigMaps and Secrets that pods of this node refer to, which is all a node may see, and tells the pods'
/// workers of changes. Child of <c>KubeletActor</c>, named <c>volumes</c>.
/// </summary>
internal sealed class ReferencedObjectsActor : ReceiveActor, IWithTimers
{
    /// <summary>From now on tells the worker of changes, until it stops.</summary>
    public sealed record Follow(IActorRef Worker, string Namespace, ImmutableArray<(string Kind, string Name)> Objects);

    private readonly record struct Key(string Kind, string Namespace, string Name);

    private sealed record Changed(Key Key);

    private sealed record WatchEnded(Key Key, CancellationTokenSource Watch);

    private sealed record WatchAgain(Key Key);

    private sealed class Watched(CancellationTokenSource cancellation)
    {
        public CancellationTokenSource Cancellation { get; set; } = cancellation;

        public HashSet<IActorRef> Workers { get; } = [];
    }

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly IApiClient _api;
    private readonly Dictionary<Key, Watched> _watched = [];

    public ReferencedObjectsActor(IApiClient api)
    {
        _api = api;
        Receive<Follow>(Handle);
        Receive<Changed>(m =>
        {
            if (_watched.TryGetValue(m.Key, out var watched))
            {
                foreach (var worker in watched.Workers)
                    worker.Tell(PodWorkerActor.ObjectsChanged.Instance);
            }
        });
        Receive<WatchEnded>(m =>
        {
            if (_watched.TryGetValue(m.Key, out var watched) && watched.Cancellation == m.Watch)
                Timers.StartSingleTimer(m.Key, new WatchAgain(m.Key), Pause);
        });
        Receive<WatchAgain>(m =>
        {
            if (_watched.TryGetValue(m.Key, out var watched))
                watched.Cancellation = Open(m.Key);
        });
        Receive<Terminated>(Handle);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PostStop()
    {
        foreach (var watched in _watched.Values)
            watched.Cancellation.Cancel();
    }

    private void Handle(Follow message)
    {
        if (message.Objects.IsEmpty)
            return;
        Context.Watch(message.Worker);
        foreach (var (kind, name) in message.Objects)
        {
            var key = new Key(kind, message.Namespace, name);
            if (!_watched.TryGetValue(key, out var watched))
                _watched[key] = watched = new Watched(Open(key));
            watched.Workers.Add(message.Worker);
        }
    }

    private void Handle(Terminated message)
    {
        foreach (var (key, watched) in _watched.ToList())
        {
            if (!watched.Workers.Remove(message.ActorRef) || watched.Workers.Count > 0)
                continue;
            watched.Cancellation.Cancel();
            Timers.Cancel(key);
            _watched.Remove(key);
        }
    }

    private CancellationTokenSource Open(Key key)
    {
        var cancellation = new CancellationTokenSource();
        var self = Self;
        var task = key.Kind == "Secret"
            ? WatchAsync<V1Secret>(key, self, cancellation.Token)
            : WatchAsync<V1ConfigMap>(key, self, cancellation.Token);
        task.PipeTo(self, self, () => new WatchEnded(key, cancellation), _ => new WatchEnded(key, cancellation));
        return cancellation;
    }

    /// <summary>From the list's version on, so that only changes are told and not what the pod has read itself.</summary>
    private async Task WatchAsync<T>(Key key, IActorRef self, CancellationToken cancellationToken) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var resource = _api.For<T>();
        var options = new ListOptions { FieldSelector = $"metadata.name={key.Name}" };
        var list = await resource.ListAsync(key.Namespace, options, cancellationToken).ConfigureAwait(false);

        // Whatever changed before the list was seen by nobody yet.
        self.Tell(new Changed(key));
        await foreach (var change in resource.WatchAsync(key.Namespace, options with { ResourceVersion = list.ResourceVersion }, cancellationToken).ConfigureAwait(false))
        {
            if (change.Type is "ADDED" or "MODIFIED" or "DELETED")
                self.Tell(new Changed(key));
        }
    }
}
