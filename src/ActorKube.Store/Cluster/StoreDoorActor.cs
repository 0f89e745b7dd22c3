using System.Security.Cryptography;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.Store.Cluster;

/// <summary>Asks for the store. Answered by <see cref="StoreOpened"/>, or not at all when the proof is wrong.</summary>
/// <param name="Proof">What only control-plane processes know.</param>
public sealed record OpenStore(ReadOnlyMemory<byte> Proof);

/// <summary>The store, until it dies.</summary>
/// <param name="Store">Takes the messages of <see cref="Protocol.IStoreMessage"/>.</param>
public sealed record StoreOpened(IActorRef Store);

/// <summary>
/// Owns the store of a cluster: a singleton of its control plane. The store itself is a child whose name nobody can guess, and who proves that it is of the
/// control plane is told of it: members of the cluster that run nodes cannot write past the API.
/// </summary>
internal sealed class StoreDoorActor : ReceiveActor
{
    private const int NameBytes = 16;

    private readonly byte[] _proof;
    private readonly IActorRef _store;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public StoreDoorActor(StoreSettings settings, byte[] proof)
    {
        _proof = proof;
        _store = Context.ActorOf(StoreActor.Props(settings), $"{StoreActor.Name}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NameBytes))}");
        Receive<OpenStore>(Handle);
    }

    public static Props Props(StoreSettings settings, byte[] proof) => Akka.Actor.Props.Create(() => new StoreDoorActor(settings, proof));

    // A store that ended is another one for those who hold its reference: let the singleton begin anew.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);

    protected override void PreStart() => _log.Info("This process owns the store");

    private void Handle(OpenStore open)
    {
        if (CryptographicOperations.FixedTimeEquals(open.Proof.Span, _proof))
            Sender.Tell(new StoreOpened(_store));
        else
            _log.Warning("{Sender} asked for the store without being of the control plane", Sender);
    }
}
