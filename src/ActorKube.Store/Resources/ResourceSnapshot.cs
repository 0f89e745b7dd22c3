namespace ActorKube.Store.Resources;

/// <summary>What the persistent actor of a resource type saves so that it need not replay everything.</summary>
/// <param name="State">The objects.</param>
internal sealed record ResourceSnapshot(ResourceStoreState State);
