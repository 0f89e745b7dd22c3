using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using Akka.Actor;
using Akka.Event;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>
/// Watches the CustomResourceDefinitions: keeps the registry of kinds to what they say, their status to what is served, and deletes the objects of those
/// that are being deleted. Every API server has one; what they write is the same, and the first one wins. Child of <see cref="ApiServerActor"/>.
/// </summary>
internal sealed class DefinitionsActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private sealed record Look
    {
        public static Look Now { get; } = new();
    }

    private sealed record Written(string Name, Exception? Error, bool Again);

    private readonly ResourceRegistry _registry;
    private readonly ServedResource _definitions;
    private readonly DefinitionWrites _writes;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<string> _busy = [];
    private Dictionary<string, (long Revision, IReadOnlyList<CustomResourceKind> Kinds)> _known = [];

    /// <summary>An actor that writes by those.</summary>
    public DefinitionsActor(ResourceRegistry registry, DefinitionWrites writes, TimeProvider time)
    {
        _registry = registry;
        _definitions = registry.Of<V1CustomResourceDefinition>();
        _writes = writes;
        _time = time;
        Receive<Look>(_ => Handle());
        Receive<Written>(Handle);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart() => Handle();

    // The signal is taken before the state is looked at, so a change in between is never missed.
    private void Handle()
    {
        var changed = _definitions.Cache.Changed;
        if (_definitions.Cache.State is { } state)
        {
            var all = state.Objects.Range("").ToList();
            Register(all);
            var objects = all.Select(d => d.Object.As<V1CustomResourceDefinition>()).ToList();
            objects.ForEach(d => Settle(d, objects));
        }

        changed.PipeTo(Self, success: () => Look.Now);
    }

    private void Register(List<CachedObject> definitions)
    {
        if (definitions.Count == _known.Count && definitions.TrueForAll(d => _known.GetValueOrDefault(d.Key).Revision == d.Revision))
        {
            return;
        }

        _known = definitions.ToDictionary(d => d.Key, d => _known.GetValueOrDefault(d.Key) is var known && known.Revision == d.Revision ? known : (d.Revision, Compile(d, known.Kinds ?? [])));
        _registry.SetCustom([.. _known.Values.SelectMany(k => k.Kinds)]);
    }

    // A change of the status alone leaves the kinds as they are, and with them their watches.
    private IReadOnlyList<CustomResourceKind> Compile(CachedObject entry, IReadOnlyList<CustomResourceKind> before)
    {
        var definition = entry.Object.As<V1CustomResourceDefinition>();
        try
        {
            return CustomResourceKinds.Served(definition, before);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            _log.Error(e, "The definition {Definition} cannot be served", definition.Metadata.Name);
            return [];
        }
    }

    private void Settle(V1CustomResourceDefinition definition, IReadOnlyList<V1CustomResourceDefinition> all)
    {
        var name = definition.Metadata.Name;
        if (_busy.Contains(name))
        {
            return;
        }

        if (definition.Metadata.DeletionTimestamp is not null)
        {
            if (definition.Metadata.Finalizers?.Contains(DefinitionWrites.Finalizer) is true)
            {
                _busy.Add(name);
                _writes.EmptyAsync(definition).PipeTo(Self, success: done => new Written(name, null, !done), failure: e => new Written(name, e, true));
            }

            return;
        }

        var isServed = _known.GetValueOrDefault(name).Kinds is { Count: > 0 } || definition.Spec.Versions.All(v => v.Served is not true);
        var now = _time.GetUtcNow();
        var whole = new DateTime(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        if (DefinitionConditions.Decide(definition, all, isServed, whole) is { } status)
        {
            _busy.Add(name);
            _writes.SetStatusAsync(definition, status).PipeTo(Self, success: () => new Written(name, null, false), failure: e => new Written(name, e, true));
        }
    }

    private void Handle(Written written)
    {
        _busy.Remove(written.Name);
        if (written.Error is ApiException { IsConflict: true } or ApiException { IsNotFound: true })
        {
            _log.Debug("{Definition}: {Reason}", written.Name, written.Error.Message);
        }
        else if (written.Error is not null)
        {
            _log.Warning("{Definition}: {Reason}; it will be tried again", written.Name, written.Error.Message);
        }

        if (written.Again)
        {
            Timers.StartSingleTimer(written.Name, Look.Now, Retry);
        }
        else
        {
            Self.Tell(Look.Now);
        }
    }
}
