using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.Client.Events;

/// <summary>Records events through an actor of its own, so that no caller ever waits.</summary>
public sealed class EventRecorder : IEventRecorder
{
    private readonly IActorRef _actor;
    private readonly string _component;
    private readonly TimeProvider _time;

    /// <summary>Makes the recorder.</summary>
    /// <param name="parent">The system, or the context of the component's actor.</param>
    /// <param name="client">Writes the events.</param>
    /// <param name="component">Who reports, such as <c>kubelet</c>.</param>
    /// <param name="host">The node the component is part of; empty for the control plane.</param>
    /// <param name="time">Clock.</param>
    /// <param name="name">The actor's name.</param>
    public EventRecorder(IActorRefFactory parent, IApiClient client, string component, string host = "", TimeProvider? time = null, string? name = null)
    {
        _time = time ?? TimeProvider.System;
        _component = component;
        _actor = parent.ActorOf(Props.Create(() => new EventRecorderActor(client, host)), name);
    }

    private EventRecorder(IActorRef actor, string component, TimeProvider time) => (_actor, _component, _time) = (actor, component, time);

    /// <inheritdoc/>
    public IEventRecorder As(string component) => new EventRecorder(_actor, component, _time);

    /// <inheritdoc/>
    public void Record(IKubernetesObject<V1ObjectMeta> about, string type, string reason, string message, string? fieldPath = null)
    {
        var reference = new V1ObjectReference
        {
            ApiVersion = about.ApiVersion ?? Api.Kinds.KindRegistry.BuiltIn.Of(about.GetType()).ApiVersion,
            Kind = about.Kind ?? Api.Kinds.KindRegistry.BuiltIn.Of(about.GetType()).Kind,
            NamespaceProperty = about.Metadata.NamespaceProperty,
            Name = about.Metadata.Name,
            Uid = about.Metadata.Uid,
            ResourceVersion = about.Metadata.ResourceVersion,
            FieldPath = fieldPath,
        };
        _actor.Tell(new EventRecorderActor.Record(_component, reference, type, reason, message, _time.GetUtcNow()), ActorRefs.NoSender);
    }
}
