using System.Text;
using ActorKube.ContainerRuntime;
using k8s.Models;

namespace ActorKube.Kubelet.Probes;

/// <summary>What is probed.</summary>
/// <param name="Container">The container's spec, for named ports.</param>
/// <param name="ContainerId">The running instance.</param>
/// <param name="PodAddress">Where network probes go.</param>
internal sealed record ProbeTarget(V1Container Container, string ContainerId, string PodAddress);

/// <summary>Carries out probes.</summary>
internal interface IProber
{
    /// <summary>Probes once, within the probe's time-out.</summary>
    Task<ProbeResult> ProbeAsync(V1Probe probe, ProbeTarget target, CancellationToken cancellationToken);
}

/// <summary>Probes by command, HTTP, TCP and gRPC.</summary>
internal sealed class Prober(IContainerRuntime runtime) : IProber
{
    private const int MaxOutput = 10 * 1024;

    public Task<ProbeResult> ProbeAsync(V1Probe probe, ProbeTarget target, CancellationToken cancellationToken)
    {
        var timeout = ProbeState.Timeout(probe);
        if (probe.Exec is { } exec)
            return ExecAsync(exec.Command ?? [], target.ContainerId, timeout, cancellationToken);
        if (probe.HttpGet is { } get)
        {
            return HttpTarget.Of(get, target.Container, target.PodAddress) is { } http
                ? HttpProbe.GetAsync(http, timeout, "kube-probe/1.36", cancellationToken)
                : Task.FromResult(ProbeResult.Unknown($"couldn't find port: {get.Port?.Value}"));
        }

        if (probe.TcpSocket is { } tcp)
        {
            return NamedPort.Find(tcp.Port, target.Container) is { } port
                ? TcpProbe.ConnectAsync(string.IsNullOrEmpty(tcp.Host) ? target.PodAddress : tcp.Host, port, timeout, cancellationToken)
                : Task.FromResult(ProbeResult.Unknown($"couldn't find port: {tcp.Port?.Value}"));
        }

        return probe.Grpc is { } grpc
            ? GrpcProbe.CheckAsync(target.PodAddress, grpc.Port, grpc.Service ?? "", timeout, cancellationToken)
            : Task.FromResult(ProbeResult.Unknown("missing probe handler"));
    }

    private async Task<ProbeResult> ExecAsync(IList<string> command, string containerId, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var result = await runtime.ExecSyncAsync(containerId, [.. command], timeout, cancellationToken).ConfigureAwait(false);
            var output = Encoding.UTF8.GetString(result.Stdout.Span) + Encoding.UTF8.GetString(result.Stderr.Span);
            output = output.Length > MaxOutput ? output[..MaxOutput] : output;
            return result.ExitCode == 0 ? ProbeResult.Success(output) : ProbeResult.Failure(output);
        }
        catch (ContainerRuntimeException e) when (e.IsTimeout)
        {
            return ProbeResult.Failure($"command timed out: \"{string.Join(' ', command)}\" timed out after {Pods.Duration.Format(timeout)}");
        }
        catch (ContainerRuntimeException e)
        {
            return ProbeResult.Unknown(e.Message);
        }
    }
}
