using System.Runtime.CompilerServices;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.WatchCache;

namespace ActorKube.ApiServer.Registry;

/// <summary>
/// One kind as it is served: its strategy and the cache of the resource type that it is stored in. Two kinds can share a resource
/// type (the Events of both groups, both versions of HorizontalPodAutoscaler); the one that is not stored as it is has a converter.
/// </summary>
internal sealed class ServedResource
{
    private readonly CancellationTokenSource _retired = new();
    private readonly ConditionalWeakTable<ApiObject, ApiObject> _views = [];

    /// <summary>The kind at its URL.</summary>
    public required ResourceKind Kind { get; init; }

    /// <summary>The kind's own rules.</summary>
    public required Strategy Strategy { get; init; }

    /// <summary>Current objects, in the stored version.</summary>
    public required ResourceCache Cache { get; init; }

    /// <summary>Asks the store for its revision.</summary>
    public required RevisionReader Revisions { get; init; }

    /// <summary>Translates from and to the stored version; null when they are the same.</summary>
    public VersionConverter? Converter { get; init; }

    /// <summary>Resource type in the store.</summary>
    public string StoreResource => Cache.Resource;

    /// <summary>A stored object as this kind shows it. Made at most once per object and shared.</summary>
    public ApiObject View(ApiObject stored) => Converter is null ? stored : _views.GetValue(stored, Converter.View);

    /// <summary>Ends when the kind is served no more, or otherwise than this says: watches end with it.</summary>
    public CancellationToken Retired => _retired.Token;

    /// <summary>Ends watches: the kind is gone or another.</summary>
    public void Retire() => _retired.Cancel();

    /// <summary>The key of an object.</summary>
    public string Key(string ns, string name) => Kind.Namespaced ? $"{ns}/{name}" : name;
}

/// <summary>Translates objects between a served version and the stored one.</summary>
internal abstract class VersionConverter
{
    /// <summary>A stored object as it is shown.</summary>
    public virtual ApiObject View(ApiObject stored) => new(FromStored(stored.Value));

    /// <summary>The served form; a new object.</summary>
    public abstract object FromStored(object stored);

    /// <summary>The stored form; a new object.</summary>
    public abstract object ToStored(object served);
}
