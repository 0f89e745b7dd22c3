using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>One thing the pod worker does next. Actions run in order, one after the other.</summary>
internal abstract record PodAction;

/// <summary>Puts all volumes in place, or brings them up to date.</summary>
internal sealed record SetUpVolumes : PodAction;

/// <summary>Creates the sandbox: namespaces, network, cgroup.</summary>
internal sealed record CreateSandbox(uint Attempt) : PodAction;

/// <summary>Stops the sandbox and whatever still runs in it.</summary>
internal sealed record StopSandbox(string SandboxId) : PodAction;

/// <summary>Removes a stopped sandbox with its containers.</summary>
internal sealed record RemoveSandbox(string SandboxId) : PodAction;

/// <summary>Gets the image, creates and starts a container and runs its postStart hook.</summary>
/// <param name="Container">Its spec.</param>
/// <param name="Kind">What it is in the pod.</param>
/// <param name="SandboxId">Where it runs.</param>
/// <param name="RestartCount">How often it was started before.</param>
/// <param name="PullAllowed">False while pulling is held back: then only an image that is already there will do.</param>
internal sealed record StartContainer(V1Container Container, ContainerKind Kind, string SandboxId, int RestartCount, bool PullAllowed) : PodAction;

/// <summary>Stops containers, all at the same time.</summary>
internal sealed record KillContainers(ImmutableArray<ContainerKill> Kills) : PodAction;

/// <summary>One container to stop.</summary>
/// <param name="Instance">Which.</param>
/// <param name="Spec">Its spec, for the preStop hook; null when it is no longer known.</param>
/// <param name="Kind">What it is in the pod.</param>
/// <param name="Message">The sentence of the Killing event; empty for none.</param>
/// <param name="Grace">How long hook and container may take together.</param>
/// <param name="RunHook">Whether the preStop hook still has to run.</param>
internal sealed record ContainerKill(ContainerInstance Instance, V1Container? Spec, ContainerKind Kind, string Message, TimeSpan Grace, bool RunHook);

/// <summary>Gives a running container other amounts of CPU and memory.</summary>
internal sealed record ResizeContainer(string Name, string ContainerId, ContainerResize Resize) : PodAction;

/// <summary>Removes an old instance of a container and its log.</summary>
internal sealed record RemoveContainer(ContainerInstance Instance) : PodAction;

/// <summary>Unmounts and removes all volumes.</summary>
internal sealed record RemoveVolumes : PodAction;

/// <summary>Writes the last status and, when the pod is being deleted, deletes it from the API for good.</summary>
internal sealed record ReportFinal(bool Delete) : PodAction;

/// <summary>Removes the pod's directories and logs; the worker's last action.</summary>
internal sealed record RemoveDirectories : PodAction;

/// <summary>Records an event about the pod or one of its containers.</summary>
internal sealed record Emit(string Type, string Reason, string Message, string? FieldPath = null) : PodAction;
