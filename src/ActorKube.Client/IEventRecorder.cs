using k8s;
using k8s.Models;

namespace ActorKube.Client;

/// <summary>
/// Writes Kubernetes Events about objects, in the background. The same event again only raises its count, and a source that
/// floods is throttled, as in Kubernetes.
/// </summary>
public interface IEventRecorder
{
    /// <summary>Records an event.</summary>
    /// <param name="about">The object the event is about.</param>
    /// <param name="type"><c>Normal</c> or <c>Warning</c>.</param>
    /// <param name="reason">CamelCase word, such as <c>FailedScheduling</c>.</param>
    /// <param name="message">A sentence for people.</param>
    /// <param name="fieldPath">The part of the object it is about, such as <c>spec.containers{web}</c>.</param>
    void Record(IKubernetesObject<V1ObjectMeta> about, string type, string reason, string message, string? fieldPath = null);

    /// <summary>The same recorder for a part of the component that events name as their source, such as <c>deployment-controller</c>.</summary>
    /// <param name="component">Who reports.</param>
    IEventRecorder As(string component) => this;
}
