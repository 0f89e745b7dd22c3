using System.Net.Sockets;
using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// Joins a user to a running container's own streams, through the shim's socket. Each packet from it is one byte, 2 for stdout and 3 for stderr, and data;
/// what is sent to it is stdin, as it is.
/// </summary>
internal sealed class ContainerAttach(RuntimeModel model, RuntimeDirectories directories, Conmon conmon)
{
    private const int PacketSize = 8192;
    private const byte FromStdout = 2;
    private const byte FromStderr = 3;

    public async Task AttachAsync(string containerId, ContainerStreams streams, CancellationToken cancellationToken)
    {
        var entry = model.Container(containerId);
        if (entry.Record.State != ContainerState.ContainerRunning)
            throw new ContainerRuntimeException($"container is in {entry.Record.State} state");
        using var socket = Connect(containerId);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var resize = ResizeAsync(containerId, streams, ended.Token);
        var input = SendAsync(socket, entry.Config.Stdin ? streams.Stdin : null, ended.Token);
        try
        {
            await ReceiveAsync(socket, streams, ended.Token).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(input, resize).ConfigureAwait(false);
        }
    }

    /// <summary>A socket's path has at most 107 characters: it is reached through an open directory, as the shim does.</summary>
    private Socket Connect(string containerId)
    {
        var directory = Libc.OpenForReading(directories.Bundle(containerId));
        try
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint($"/proc/self/fd/{directory}/attach"));
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                throw new ContainerRuntimeException($"failed to attach to container \"{containerId}\": {e.Message}", inner: e);
            }
        }
        finally
        {
            Libc.Close(directory);
        }
    }

    private static async Task ReceiveAsync(Socket socket, ContainerStreams streams, CancellationToken cancellationToken)
    {
        var packet = new byte[PacketSize + 1];
        try
        {
            while (await socket.ReceiveAsync(packet, SocketFlags.None, cancellationToken).ConfigureAwait(false) is var length and > 0)
            {
                var target = packet[0] switch
                {
                    FromStdout => streams.Stdout,
                    FromStderr => streams.Stderr,
                    _ => null,
                };
                if (target is null)
                    continue;
                await target.WriteAsync(packet.AsMemory(1, length - 1), cancellationToken).ConfigureAwait(false);
                await target.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SocketException)
        {
            // The shim has gone with its container.
        }
    }

    private static async Task SendAsync(Socket socket, Stream? stdin, CancellationToken cancellationToken)
    {
        if (stdin is null)
            return;
        var buffer = new byte[PacketSize];
        try
        {
            while (await stdin.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
                await socket.SendAsync(buffer.AsMemory(0, read), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The container or the user has gone.
        }
    }

    private async Task ResizeAsync(string containerId, ContainerStreams streams, CancellationToken cancellationToken)
    {
        if (streams.Resize is null)
            return;
        try
        {
            await foreach (var size in streams.Resize.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                conmon.Resize(containerId, size);
        }
        catch (OperationCanceledException)
        {
            // The session has ended.
        }
    }
}
