using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>Claims, volumes and storage classes as one scheduling cycle sees them. Immutable.</summary>
public sealed record VolumeView
{
    /// <summary>Nothing of any of them.</summary>
    public static VolumeView Empty { get; } = new();

    /// <summary>Claims by namespace and name.</summary>
    public ImmutableDictionary<(string Namespace, string Name), V1PersistentVolumeClaim> Claims { get; init; } = ImmutableDictionary<(string, string), V1PersistentVolumeClaim>.Empty;

    /// <summary>Volumes by name.</summary>
    public ImmutableDictionary<string, V1PersistentVolume> Volumes { get; init; } = ImmutableDictionary<string, V1PersistentVolume>.Empty;

    /// <summary>Storage classes by name.</summary>
    public ImmutableDictionary<string, V1StorageClass> Classes { get; init; } = ImmutableDictionary<string, V1StorageClass>.Empty;

    /// <summary>With an object as it is now.</summary>
    public VolumeView With(object value) => value switch
    {
        V1PersistentVolumeClaim c => this with { Claims = Claims.SetItem((c.Metadata.NamespaceProperty ?? "", c.Metadata.Name), c) },
        V1PersistentVolume v => this with { Volumes = Volumes.SetItem(v.Metadata.Name, v) },
        V1StorageClass s => this with { Classes = Classes.SetItem(s.Metadata.Name, s) },
        _ => throw new ArgumentException($"{value.GetType()} has nothing to do with volumes"),
    };

    /// <summary>Without an object that is gone.</summary>
    public VolumeView Without(object value) => value switch
    {
        V1PersistentVolumeClaim c => this with { Claims = Claims.Remove((c.Metadata.NamespaceProperty ?? "", c.Metadata.Name)) },
        V1PersistentVolume v => this with { Volumes = Volumes.Remove(v.Metadata.Name) },
        V1StorageClass s => this with { Classes = Classes.Remove(s.Metadata.Name) },
        _ => throw new ArgumentException($"{value.GetType()} has nothing to do with volumes"),
    };
}
