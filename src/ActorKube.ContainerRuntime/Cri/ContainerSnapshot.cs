namespace ActorKube.ContainerRuntime.Cri;

/// <summary>
/// What a runtime had at one moment, for runtimes that send no events: two snapshots give the events that lie between.
/// A sandbox counts as a container of its own, as it does in a runtime's real events.
/// </summary>
/// <param name="States">State and pod sandbox of each container and sandbox by id.</param>
internal sealed record ContainerSnapshot(IReadOnlyDictionary<string, ContainerSnapshot.Entry> States)
{
    /// <summary>The snapshot before anything was seen.</summary>
    public static ContainerSnapshot Empty { get; } = new(new Dictionary<string, Entry>());

    /// <summary>One container's or sandbox's state.</summary>
    /// <param name="State">The container's state; a sandbox is running or exited.</param>
    /// <param name="PodSandboxId">The sandbox it belongs to.</param>
    public readonly record struct Entry(ContainerState State, string PodSandboxId);

    /// <summary>One thing that happened.</summary>
    /// <param name="ContainerId">Whom it happened to.</param>
    /// <param name="PodSandboxId">The sandbox it belongs to.</param>
    /// <param name="Type">What happened.</param>
    public readonly record struct Change(string ContainerId, string PodSandboxId, ContainerEventType Type);

    /// <summary>The snapshot of what the runtime listed.</summary>
    public static ContainerSnapshot Of(IEnumerable<PodSandbox> sandboxes, IEnumerable<Container> containers)
    {
        var states = new Dictionary<string, Entry>();
        foreach (var sandbox in sandboxes)
        {
            var state = sandbox.State == PodSandboxState.SandboxReady ? ContainerState.ContainerRunning : ContainerState.ContainerExited;
            states[sandbox.Id] = new Entry(state, sandbox.Id);
        }

        foreach (var container in containers)
        {
            states[container.Id] = new Entry(container.State, container.PodSandboxId);
        }

        return new ContainerSnapshot(states);
    }

    /// <summary>
    /// What must have happened since <paramref name="before"/>. A container that came and exited between two looks gives
    /// created, started, stopped, so that nobody waits for an event that was too quick to be seen.
    /// </summary>
    public IReadOnlyList<Change> Since(ContainerSnapshot before)
    {
        var changes = new List<Change>();
        foreach (var (id, now) in States)
        {
            var was = before.States.TryGetValue(id, out var entry) ? Rank(entry.State) : 0;
            for (var rank = was + 1; rank <= Rank(now.State); rank++)
            {
                changes.Add(new Change(id, now.PodSandboxId, (ContainerEventType)(rank - 1)));
            }
        }

        foreach (var (id, entry) in before.States)
        {
            if (!States.ContainsKey(id))
            {
                if (Rank(entry.State) < 3)
                {
                    changes.Add(new Change(id, entry.PodSandboxId, ContainerEventType.ContainerStoppedEvent));
                }

                changes.Add(new Change(id, entry.PodSandboxId, ContainerEventType.ContainerDeletedEvent));
            }
        }

        return changes;
    }

    // How far along its life a container is: the events it has had are those below its rank. Unknown tells nothing new.
    private static int Rank(ContainerState state) => state switch
    {
        ContainerState.ContainerCreated or ContainerState.ContainerUnknown => 1,
        ContainerState.ContainerRunning => 2,
        _ => 3,
    };
}
