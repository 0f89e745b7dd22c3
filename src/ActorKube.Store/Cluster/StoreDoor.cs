using Akka.Actor;

namespace ActorKube.Store.Cluster;

/// <summary>Asks for the store. Answered by <see cref="StoreOpened"/>, or not at all when the proof is wrong or nobody owns it for the moment.</summary>
/// <param name="Proof">What only control-plane processes know.</param>
public sealed record OpenStore(ReadOnlyMemory<byte> Proof);

/// <summary>The store, until it dies or has another owner.</summary>
/// <param name="Store">Takes the messages of <see cref="Protocol.IStoreMessage"/>.</param>
/// <param name="Epoch">Of its owner.</param>
public sealed record StoreOpened(IActorRef Store, long Epoch);

/// <summary>On the event stream of a process: the database names another owner of the store than before.</summary>
/// <param name="Epoch">Of the new owner.</param>
public sealed record StoreOwnerChanged(long Epoch);

/// <summary>To the process' door, <see cref="StoreHosting.DoorPath"/>: give the store up if you own it, and leave it to others for a while.</summary>
/// <param name="For">How long.</param>
public sealed record YieldStore(TimeSpan For);

/// <summary>To the process' door: give the store up for good, since the process ends. Answered by <see cref="Akka.Done"/> once others may take it.</summary>
public sealed record ReleaseStore;
