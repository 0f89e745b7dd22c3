using System.Net;
using System.Net.Sockets;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>A port of the test's own machine behind which a port of a test host is: for clients that run in the test's process.</summary>
internal sealed class PortIntoHost : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public PortIntoHost(string netns, IPEndPoint target)
    {
        _listener.Start();
        _accepting = AcceptAsync(netns, target);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(string netns, IPEndPoint target)
    {
        var under = new List<Task>();
        try
        {
            while (true)
                under.Add(RelayAsync(await _listener.AcceptSocketAsync(_stop.Token), netns, target));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(under);
        }
    }

    private async Task RelayAsync(Socket near, string netns, IPEndPoint target)
    {
        using (near)
        {
            try
            {
                near.NoDelay = true;
                using var far = await NamespacedHttp.OpenAsync(netns);
                await far.ConnectAsync(target, _stop.Token);
                await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // One of the two hung up: so does the other.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var length)
            await to.SendAsync(buffer.AsMemory(0, length), _stop.Token);
    }
}
