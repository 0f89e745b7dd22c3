using System.Net;
using System.Net.Sockets;
using ActorKube.ContainerRuntime.Builtin.Native;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// Joins a stream to a port on a pod's loopback. A socket belongs for ever to the network namespace of the thread that made it: so a thread goes into the
/// pod's namespace, makes and connects one, and ends; the copying is done outside.
/// </summary>
internal sealed class PortForwarder(RuntimeModel model, RuntimeDirectories directories)
{
    public async Task ForwardAsync(string sandboxId, int port, Stream stream, CancellationToken cancellationToken)
    {
        var sandbox = model.Sandbox(sandboxId);
        if (CriViews.State(sandbox) != Cri.PodSandboxState.SandboxReady)
            throw new ContainerRuntimeException($"sandbox \"{sandboxId}\" is not running");
        using var socket = await DedicatedThread.RunAsync(() => Connect(sandbox, port)).ConfigureAwait(false);
        await using var remote = new NetworkStream(socket);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var outward = CopyAsync(stream, remote, () => socket.Shutdown(SocketShutdown.Send), ended.Token);
        // What the pod sends decides when it is over: a client that is done sending may still wait for the answer.
        await CopyAsync(remote, stream, () => { }, cancellationToken).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await outward.ConfigureAwait(false);
    }

    private Socket Connect(SandboxEntry sandbox, int port)
    {
        if (!sandbox.HasHostNetwork)
            Libc.EnterNamespace(directories.Namespace(sandbox.Id, "net"), Libc.CloneNewNet);
        SocketException? failure = null;
        foreach (var loopback in (IPAddress[])[IPAddress.Loopback, IPAddress.IPv6Loopback])
        {
            var socket = new Socket(loopback.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                socket.Connect(new IPEndPoint(loopback, port));
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                failure ??= e;
            }
        }
        throw new ContainerRuntimeException(
            $"failed to execute portforward in network namespace \"{directories.Namespace(sandbox.Id, "net")}\": failed to connect to localhost:{port} inside namespace \"{sandbox.Id}\": {failure!.Message}",
            inner: failure);
    }

    private static async Task CopyAsync(Stream from, Stream to, Action whenDone, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                await to.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            whenDone();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side has gone: the connection is over, as with any TCP connection.
        }
    }
}
