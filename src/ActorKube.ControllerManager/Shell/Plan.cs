using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Shell;

/// <summary>What a reconciler wants done: writes in order, the first failure ends them; and when to look again though nothing changes.</summary>
/// <param name="Actions">Writes in order.</param>
/// <param name="RequeueAfter">When to reconcile again by the clock; null when only a change matters.</param>
public sealed record Plan(IReadOnlyList<PlannedAction> Actions, TimeSpan? RequeueAfter = null)
{
    /// <summary>All is well.</summary>
    public static Plan Nothing { get; } = new([]);

    /// <summary>A plan of these actions.</summary>
    public static Plan Of(params IReadOnlyList<PlannedAction> actions) => new(actions);
}

/// <summary>One write.</summary>
public abstract record PlannedAction
{
    /// <summary>The event that tells people about it.</summary>
    public Announcement? Announce { get; init; }
}

/// <summary>Creates an object whose name was chosen beforehand.</summary>
/// <param name="Object">Given away: nobody else holds it or a part of it.</param>
public sealed record Create(IKubernetesObject<V1ObjectMeta> Object) : PlannedAction;

/// <summary>Replaces an object, provided that it is still at the resourceVersion it carries.</summary>
/// <param name="Object">Given away: nobody else holds it or a part of it.</param>
public sealed record Update(IKubernetesObject<V1ObjectMeta> Object) : PlannedAction;

/// <summary>Replaces an object's status, provided that it is still at the resourceVersion it carries.</summary>
/// <param name="Object">Given away: nobody else holds it or a part of it.</param>
public sealed record UpdateStatus(IKubernetesObject<V1ObjectMeta> Object) : PlannedAction;

/// <summary>Merges a JSON patch document (RFC 7386) into an object. A <c>metadata.resourceVersion</c> or <c>uid</c> in it is a precondition.</summary>
/// <param name="Target">The object as it was seen.</param>
/// <param name="Body">The patch.</param>
/// <param name="Subresource">Such as <c>status</c>.</param>
public sealed record Merge(IKubernetesObject<V1ObjectMeta> Target, object Body, string Subresource = "") : PlannedAction;

/// <summary>Deletes an object, provided that it is still the same one.</summary>
/// <param name="Target">The object as it was seen; its uid is the precondition.</param>
/// <param name="PropagationPolicy"><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>; null for the kind's default.</param>
/// <param name="GracePeriodSeconds">Null for the object's own.</param>
public sealed record Delete(IKubernetesObject<V1ObjectMeta> Target, string? PropagationPolicy = null, long? GracePeriodSeconds = null) : PlannedAction;

/// <summary>Writes the body to a subresource with PUT, such as <c>namespaces/finalize</c>.</summary>
/// <param name="Object">Given away: nobody else holds it or a part of it.</param>
/// <param name="Subresource">The subresource.</param>
public sealed record PutSubresource(IKubernetesObject<V1ObjectMeta> Object, string Subresource) : PlannedAction;

/// <summary>Writes that do not depend on each other.</summary>
/// <param name="Actions">In any order.</param>
/// <param name="SlowStart">First one, then two, four, eight …, so that what cannot work (a quota, a bad template) fails once and not five hundred times.</param>
public sealed record Together(IReadOnlyList<PlannedAction> Actions, bool SlowStart = false) : PlannedAction;

/// <summary>A procedure of several requests whose steps only the answers tell. It decides by pure functions of its own.</summary>
/// <param name="Run">The procedure. Throws what requests throw.</param>
public sealed record Procedure(Func<ActorKube.Client.IApiTransport, Task> Run) : PlannedAction;

/// <summary>An event about an object, written after the action worked, or after it failed.</summary>
/// <param name="About">The object.</param>
/// <param name="Reason">The reason when it worked; empty for no event.</param>
/// <param name="Message">The message when it worked.</param>
/// <param name="FailureReason">The reason when it failed; empty for no event.</param>
/// <param name="FailureMessage">The message when it failed; the error is added to it.</param>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>, when it worked.</param>
public sealed record Announcement(
    IKubernetesObject<V1ObjectMeta> About, string Reason, string Message, string FailureReason = "", string FailureMessage = "", string Type = "Normal");

/// <summary>Nothing but an event.</summary>
public sealed record Tell : PlannedAction
{
    /// <summary>Tells people something.</summary>
    public Tell(IKubernetesObject<V1ObjectMeta> about, string type, string reason, string message) => Announce = new Announcement(about, reason, message, Type: type);
}
