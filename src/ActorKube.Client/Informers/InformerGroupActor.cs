using Akka.Actor;

namespace ActorKube.Client.Informers;

/// <summary>The parent of a component's informers; lets any thread start one and talk to it by number.</summary>
internal sealed class InformerGroupActor : ReceiveActor
{
    public sealed record Start(int Number, string Name, Props Props);
    public sealed record To(int Number, object Message);

    private readonly Dictionary<int, IActorRef> _informers = [];

    public InformerGroupActor()
    {
        Receive<Start>(start => _informers.Add(start.Number, Context.ActorOf(start.Props, start.Name)));
        Receive<To>(to => _informers[to.Number].Forward(to.Message));
    }
}
