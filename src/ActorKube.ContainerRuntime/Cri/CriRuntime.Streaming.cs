using ActorKube.ContainerRuntime.Streaming;

namespace ActorKube.ContainerRuntime.Cri;

public sealed partial class CriRuntime
{
    /// <inheritdoc/>
    public async Task<int> ExecAsync(
        string containerId, IReadOnlyList<string> command, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default)
    {
        var request = new ExecRequest
        {
            ContainerId = containerId,
            Cmd = { command },
            Tty = tty,
            Stdin = streams.Stdin is not null,
            Stdout = streams.Stdout is not null,
            Stderr = streams.Stderr is not null && !tty,
        };
        var url = (await CallAsync("Exec", o => _runtime.ExecAsync(request, o), cancellationToken).ConfigureAwait(false)).Url;
        return await RemoteCommandClient.RunAsync(new Uri(url), tty, streams, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task AttachAsync(string containerId, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default)
    {
        var request = new AttachRequest
        {
            ContainerId = containerId,
            Tty = tty,
            Stdin = streams.Stdin is not null,
            Stdout = streams.Stdout is not null,
            Stderr = streams.Stderr is not null && !tty,
        };
        var url = (await CallAsync("Attach", o => _runtime.AttachAsync(request, o), cancellationToken).ConfigureAwait(false)).Url;
        await RemoteCommandClient.RunAsync(new Uri(url), tty, streams, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task PortForwardAsync(string podSandboxId, int port, Stream stream, CancellationToken cancellationToken = default)
    {
        var request = new PortForwardRequest { PodSandboxId = podSandboxId, Port = { port } };
        var url = (await CallAsync("PortForward", o => _runtime.PortForwardAsync(request, o), cancellationToken).ConfigureAwait(false)).Url;
        await PortForwardClient.RunAsync(new Uri(url), port, stream, cancellationToken).ConfigureAwait(false);
    }
}
