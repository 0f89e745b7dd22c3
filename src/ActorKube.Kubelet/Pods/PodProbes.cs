using ActorKube.Kubelet.Probes;
using Akka.Actor;

namespace ActorKube.Kubelet.Pods;

/// <summary>The probe actors of one pod: children of its worker, one for each probe of each running container.</summary>
internal sealed class PodProbes(IActorContext context, PodServices services)
{
    private readonly Dictionary<(string Container, ProbeKind Kind), (string ContainerId, IActorRef Actor)> _running = [];

    /// <summary>Starts the probes the state asks for and stops the others.</summary>
    public void Follow(PodState state)
    {
        var wanted = ProbePlan.Wanted(state, services.Node.Addresses.FirstOrDefault() ?? "127.0.0.1");
        foreach (var (key, probe) in _running.ToList())
        {
            if (wanted.TryGetValue(key, out var assignment) && assignment.Target.ContainerId == probe.ContainerId)
                continue;
            context.Stop(probe.Actor);
            _running.Remove(key);
        }

        foreach (var (key, assignment) in wanted.Where(w => !_running.ContainsKey(w.Key)))
            _running[key] = (assignment.Target.ContainerId, context.ActorOf(Props.Create(() => new ProbeActor(assignment, services.Prober, services.Time))));
    }

    /// <summary>Tells people of a probe that failed.</summary>
    public void Tell(PodState state, ProbeActor.Complaint complaint)
    {
        if (ContainerSpecs.Find(state.Pod, complaint.Container) is not { } found)
            return;
        var message = complaint.Result.Outcome == ProbeOutcome.Failure
            ? $"{complaint.Kind} probe failed: {complaint.Result.Output}"
            : $"{complaint.Kind} probe errored and resulted in unknown state: {complaint.Result.Output}";
        services.Events.Record(state.Pod, "Warning", "Unhealthy", message, ContainerSpecs.FieldPath(found.Kind, complaint.Container));
    }
}
