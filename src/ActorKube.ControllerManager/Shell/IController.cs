using ActorKube.Client;

namespace ActorKube.ControllerManager.Shell;

/// <summary>One controller: what it watches, and how it decides. Its decisions are pure functions beside it; it only gathers what they need from listers.</summary>
public interface IController
{
    /// <summary>Such as <c>deployment</c>; the name of its actor.</summary>
    string Name { get; }

    /// <summary>What it watches.</summary>
    IReadOnlyList<Source> Sources { get; }

    /// <summary>What brings the object of the key from how it is to how it should be.</summary>
    Plan Reconcile(ObjectKey key, ReconcileContext context);
}

/// <summary>What a decision may use besides the objects.</summary>
/// <param name="Now">The time.</param>
/// <param name="Names">Endings for names.</param>
/// <param name="LastFailure">The action of the key's last plan that failed; null when it worked out.</param>
public sealed record ReconcileContext(DateTimeOffset Now, NameSuffixes Names, PlanFailure? LastFailure = null);

/// <summary>An action that failed.</summary>
/// <param name="Action">The action.</param>
/// <param name="Reason">The Status' reason, or empty.</param>
/// <param name="Message">What went wrong.</param>
public sealed record PlanFailure(PlannedAction Action, string Reason, string Message);
