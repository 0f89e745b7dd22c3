using ActorKube.ContainerRuntime;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>Stops one container: preStop hook, signal, and the kill when its time is up.</summary>
internal sealed class ContainerKiller(PodServices services)
{
    // However long the hook took, the process gets this long to see its signal.
    private static readonly TimeSpan MinimumAfterHook = TimeSpan.FromSeconds(2);

    private readonly LifecycleHooks _hooks = new(services.Runtime, services.Time);

    public async Task KillAsync(V1Pod pod, ContainerKill kill, CancellationToken cancellationToken)
    {
        var field = ContainerSpecs.FieldPath(kill.Kind, kill.Instance.Name);
        if (kill.Message.Length > 0 && kill.RunHook)
            services.Events.Record(pod, "Normal", "Killing", kill.Message, field);
        var grace = kill.Grace;
        if (kill is { RunHook: true, Spec.Lifecycle.PreStop: { } hook } && kill.Instance.IsRunning && grace > TimeSpan.Zero)
        {
            var began = services.Time.GetTimestamp();
            await RunHookAsync(pod, kill, hook, field, grace, cancellationToken).ConfigureAwait(false);
            var left = grace - services.Time.GetElapsedTime(began);
            grace = left > MinimumAfterHook ? left : grace < MinimumAfterHook ? grace : MinimumAfterHook;
        }

        try
        {
            await services.Runtime.StopContainerAsync(kill.Instance.Id, grace, cancellationToken).ConfigureAwait(false);
        }
        catch (ContainerRuntimeException e) when (e.IsNotFound)
        {
            // Gone already, which is what was wanted.
            return;
        }
    }

    private async Task RunHookAsync(V1Pod pod, ContainerKill kill, V1LifecycleHandler hook, string field, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, services.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var address = pod.Status?.PodIP ?? services.Node.Addresses.FirstOrDefault() ?? "";
            if (await _hooks.RunAsync(hook, kill.Spec!, kill.Instance.Id, address, both.Token).ConfigureAwait(false) is not null)
                services.Events.Record(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", field);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            services.Events.Record(pod, "Warning", "FailedPreStopHook", "PreStopHook failed", field);
        }
    }
}
