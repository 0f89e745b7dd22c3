using System.Net;
using System.Net.Sockets;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>A port of this process that leads to a port on a test host's loopback, for clients that make their own sockets.</summary>
internal sealed class NamespacedRelay : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _run;

    public NamespacedRelay(string netns, int port)
    {
        _listener.Start();
        _run = AcceptAsync(netns, port);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _run;
        _stop.Dispose();
    }

    private async Task AcceptAsync(string netns, int port)
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token), netns, port));
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task RelayAsync(TcpClient client, string netns, int port)
    {
        using (client)
        {
            try
            {
                using var socket = await NamespacedHttp.OpenAsync(netns);
                await socket.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
                await using var inside = new NetworkStream(socket);
                var outside = client.GetStream();
                await Task.WhenAny(outside.CopyToAsync(inside, _stop.Token), inside.CopyToAsync(outside, _stop.Token));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One side is gone; the client sees its connection end, as it would without a relay.
            }
        }
    }
}
