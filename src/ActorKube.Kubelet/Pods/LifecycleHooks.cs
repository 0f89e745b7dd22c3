using System.Text;
using ActorKube.ContainerRuntime;
using ActorKube.Kubelet.Probes;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Runs postStart and preStop hooks: a command, a GET, or a pause.
/// Source: https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
/// </summary>
internal sealed class LifecycleHooks(IContainerRuntime runtime, TimeProvider time)
{
    // Exec hooks have no limit of their own: the caller's cancellation ends them.
    private static readonly TimeSpan NoLimit = TimeSpan.FromHours(24);

    /// <summary>Returns null when the hook did its work, else what went wrong.</summary>
    public async Task<string?> RunAsync(V1LifecycleHandler hook, V1Container container, string containerId, string podAddress, CancellationToken cancellationToken)
    {
        if (hook.Exec is { } exec)
            return await ExecAsync(containerId, exec.Command ?? [], cancellationToken).ConfigureAwait(false);
        if (hook.HttpGet is { } get)
        {
            var target = HttpTarget.Of(get, container, podAddress);
            if (target is null)
                return $"couldn't find port: {get.Port?.Value}";
            var result = await HttpProbe.GetAsync(target, TimeSpan.FromSeconds(30), "kube-lifecycle/1.36", cancellationToken).ConfigureAwait(false);
            return result.Passed ? null : result.Output;
        }

        if (hook.Sleep is { } sleep)
        {
            await Task.Delay(TimeSpan.FromSeconds(sleep.Seconds), time, cancellationToken).ConfigureAwait(false);
            return null;
        }

        return "the hook has no action";
    }

    private async Task<string?> ExecAsync(string containerId, IList<string> command, CancellationToken cancellationToken)
    {
        try
        {
            var result = await runtime.ExecSyncAsync(containerId, [.. command], NoLimit, cancellationToken).ConfigureAwait(false);
            return result.ExitCode == 0
                ? null
                : $"command '{string.Join(' ', command)}' exited with {result.ExitCode}: {Encoding.UTF8.GetString(result.Stdout.Span)}{Encoding.UTF8.GetString(result.Stderr.Span)}";
        }
        catch (ContainerRuntimeException e)
        {
            return e.Message;
        }
    }
}
