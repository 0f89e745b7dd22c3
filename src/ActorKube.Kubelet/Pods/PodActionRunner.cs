using System.Collections.Immutable;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.ContainerRuntime;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>What running a step's actions came to.</summary>
/// <param name="Facts">Outcomes in order.</param>
/// <param name="Runtime">How the runtime is afterwards; null when that could not be read.</param>
internal sealed record RunResult(ImmutableArray<PodFact> Facts, PodRuntimeStatus? Runtime);

/// <summary>
/// Carries out the actions of <see cref="PodLifecycle"/>, one after the other, and then looks at the runtime once more. Expected
/// failures become facts; a failure ends the list where later actions need what failed.
/// </summary>
internal sealed class PodActionRunner(PodServices services)
{
    private readonly SandboxStarter _sandboxes = new(services);
    private readonly ContainerStarter _starter = new(services);
    private readonly ContainerKiller _killer = new(services);

    public async Task<RunResult> RunAsync(PodState state, ImmutableArray<PodAction> actions, CancellationToken cancellationToken)
    {
        var facts = ImmutableArray.CreateBuilder<PodFact>();
        foreach (var action in actions)
        {
            try
            {
                var fact = await RunAsync(state, action, cancellationToken).ConfigureAwait(false);
                facts.Add(fact);
                if (fact is VolumesFailed && !state.VolumesReady)
                    break;
            }
            catch (Exception e) when (IsExpected(e))
            {
                facts.Add(new WorkFailed(e.Message));
                break;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        // Read even after a cancellation: what was done counts.
        var runtime = await ReadAsync(state.Uid, facts).ConfigureAwait(false);
        return new RunResult(facts.ToImmutable(), runtime);
    }

    private static bool IsExpected(Exception e) =>
        e is ContainerRuntimeException or ApiException or ApiUnreachableException or IOException or UnauthorizedAccessException;

    private async Task<PodRuntimeStatus?> ReadAsync(string uid, ImmutableArray<PodFact>.Builder facts)
    {
        try
        {
            return await services.Reader.ReadAsync(uid, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ContainerRuntimeException e)
        {
            facts.Add(new WorkFailed(e.Message));
            return null;
        }
    }

    private async Task<PodFact> RunAsync(PodState state, PodAction action, CancellationToken cancellationToken)
    {
        var pod = state.Pod;
        var runtime = services.Runtime;
        switch (action)
        {
            case SetUpVolumes:
                return await SetUpVolumesAsync(pod, cancellationToken).ConfigureAwait(false);
            case CreateSandbox create:
                return await _sandboxes.CreateAsync(pod, create.Attempt, cancellationToken).ConfigureAwait(false);
            case StopSandbox stop:
                await runtime.StopPodSandboxAsync(stop.SandboxId, cancellationToken).ConfigureAwait(false);
                return new WorkDone();
            case RemoveSandbox remove:
                await runtime.RemovePodSandboxAsync(remove.SandboxId, cancellationToken).ConfigureAwait(false);
                return new WorkDone();
            case StartContainer start:
                return await _starter.StartAsync(state, start, cancellationToken).ConfigureAwait(false);
            case ResizeContainer resize:
                await runtime.UpdateContainerResourcesAsync(resize.ContainerId, resize.Resize.Resources, cancellationToken).ConfigureAwait(false);
                return new ContainerResized(resize.Name, resize.Resize.Key);
            case KillContainers kill:
                await Task.WhenAll(kill.Kills.Select(k => _killer.KillAsync(pod, k, cancellationToken))).ConfigureAwait(false);
                return new WorkDone();
            case RemoveContainer remove:
                await RemoveAsync(pod, remove.Instance, cancellationToken).ConfigureAwait(false);
                return new WorkDone();
            case RemoveVolumes:
                services.Volumes.Remove(state.Uid);
                return new VolumesRemoved();
            case RemoveDirectories:
                DeleteDirectories(state);
                return new DirectoriesRemoved();
            case ReportFinal:
                // The worker itself tells the status actor when it folds this fact.
                return new FinalReportSent();
            case Emit emit:
                services.Events.Record(pod, emit.Type, emit.Reason, emit.Message, emit.FieldPath);
                return new WorkDone();
            default:
                throw new ArgumentException($"unknown action {action}");
        }
    }

    private async Task<PodFact> SetUpVolumesAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            var tokensAt = await services.Volumes.SetUpAsync(pod, cancellationToken).ConfigureAwait(false);
            var hasWritten = VolumePaths.Used(pod).Any(v => v.ConfigMap is not null || v.Secret is not null || v.Projected is not null || v.DownwardAPI is not null);
            DateTimeOffset? routine = hasWritten ? services.Time.GetUtcNow() + services.Settings.VolumeRefreshPeriod : null;
            return new VolumesSetUp(tokensAt < routine ? tokensAt : routine);
        }
        catch (VolumeException e)
        {
            services.Events.Record(pod, "Warning", "FailedMount", e.EventMessage);
            return new VolumesFailed();
        }
    }

    private async Task RemoveAsync(V1Pod pod, ContainerInstance instance, CancellationToken cancellationToken)
    {
        await services.Runtime.RemoveContainerAsync(instance.Id, cancellationToken).ConfigureAwait(false);
        services.Reader.Forget(instance.Id);
        var log = Path.Combine(services.Directories.Logs(pod), PodDirectories.LogFile(instance.Name, instance.RestartCount));
        if (Path.GetDirectoryName(log) is { } directory && Directory.Exists(directory))
        {
            foreach (var file in Directory.EnumerateFiles(directory, Path.GetFileName(log) + "*"))
                File.Delete(file);
        }

        File.Delete(services.Directories.TerminationMessage(pod.Metadata.Uid, instance.Name, instance.RestartCount));
    }

    private void DeleteDirectories(PodState state)
    {
        foreach (var container in state.Runtime?.Containers ?? [])
            services.Reader.Forget(container.Id);
        foreach (var directory in new[] { services.Directories.Of(state.Uid), services.Directories.Logs(state.Pod) })
        {
            if (Directory.Exists(directory))
                Directory.Delete(directory, recursive: true);
        }
    }
}
