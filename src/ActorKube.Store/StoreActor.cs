using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.Store;

/// <summary>
/// <c>/user/store</c>: passes each message to the actor of its resource type, which it starts on first use. It also hears of messages that
/// died with such an actor: it asks questions again and tells writers, so that nobody is left waiting for a timeout.
/// </summary>
public sealed class StoreActor : ReceiveActor
{
    /// <summary>The actor's name.</summary>
    public const string Name = "store";

    private readonly StoreSettings _settings;

    /// <summary>See <see cref="Props(StoreSettings)"/>.</summary>
    public StoreActor(StoreSettings settings)
    {
        _settings = settings;
        Receive<IStoreMessage>(message => ResourceOf(message.Resource).Forward(message));
        Receive<DeadLetter>(AnswerForTheDead);
    }

    /// <summary>How to start the store.</summary>
    public static Props Props(StoreSettings settings) => Akka.Actor.Props.Create(() => new StoreActor(settings));

    /// <inheritdoc/>
    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    /// <inheritdoc/>
    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private IActorRef ResourceOf(string resource)
    {
        var child = Context.Child(resource);
        return child.IsNobody() ? Context.ActorOf(ResourceSupervisorActor.Props(resource, _settings), resource) : child;
    }

    private void AnswerForTheDead(DeadLetter letter)
    {
        if (!IsBelow(letter.Recipient.Path))
            return;
        switch (letter.Message)
        {
            case GetRevision question:
                Self.Tell(question, letter.Sender);
                break;
            case Put or Remove or Advance:
                letter.Sender.Tell(new OutcomeUnknown($"the store of {((IStoreMessage)letter.Message).Resource} stopped before it came to this"));
                break;
        }
    }

    private bool IsBelow(ActorPath path)
    {
        if (path.Depth <= Self.Path.Depth)
            return false;
        while (path.Depth > Self.Path.Depth)
            path = path.Parent;
        return path == Self.Path;
    }
}
