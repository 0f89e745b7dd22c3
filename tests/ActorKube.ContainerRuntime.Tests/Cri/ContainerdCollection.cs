namespace ActorKube.ContainerRuntime.Tests.Cri;

/// <summary>Tests that share one containerd.</summary>
[CollectionDefinition(Name)]
public sealed class ContainerdCollection : ICollectionFixture<ContainerdFixture>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "containerd";
}
