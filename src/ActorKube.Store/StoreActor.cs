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
    private readonly Func<bool>? _isOwner;

    /// <summary>See <see cref="Props(StoreSettings)"/>.</summary>
    /// <param name="settings">The section <c>actorkube.store</c>.</param>
    /// <param name="isOwner">Whether this process owns the store for certain; null where no other one can.</param>
    public StoreActor(StoreSettings settings, Func<bool>? isOwner)
    {
        (_settings, _isOwner) = (settings, isOwner);
        Receive<IStoreMessage>(Pass);
        Receive<DeadLetter>(AnswerForTheDead);
        Receive<Close>(_ => Close());
    }

    /// <summary>How to start the store.</summary>
    public static Props Props(StoreSettings settings) => Props(settings, null);

    /// <summary>The same where several processes may own it.</summary>
    internal static Props Props(StoreSettings settings, Func<bool>? isOwner) => Akka.Actor.Props.Create(() => new StoreActor(settings, isOwner));

    /// <inheritdoc/>
    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    /// <inheritdoc/>
    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    // What another owner may have written since must not be answered from what this process remembers.
    private void Pass(IStoreMessage message)
    {
        if (_isOwner is null || _isOwner() || message is Unsubscribe)
            ResourceOf(message.Resource).Forward(message);
        else
            Refuse(message, "the database has not confirmed lately that this process owns the store");
    }

    private void Close()
    {
        Become(() =>
        {
            Receive<IStoreMessage>(message => Refuse(message, "the store goes to another process"));
            Receive<DeadLetter>(AnswerForTheDead);
            Receive<Terminated>(_ => StopWhenAlone());
        });
        foreach (var child in Context.GetChildren())
        {
            Context.Watch(child);
            child.Tell(Resources.Close.Instance);
        }

        StopWhenAlone();
    }

    private void StopWhenAlone()
    {
        if (!Context.GetChildren().Any())
            Context.Stop(Self);
    }

    // A cache that is not answered asks again.
    private void Refuse(IStoreMessage message, string reason)
    {
        if (message is not (Subscribe or Unsubscribe))
            Sender.Tell(new NotAttempted(reason));
    }

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
