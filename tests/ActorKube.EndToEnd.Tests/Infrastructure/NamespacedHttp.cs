using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>HTTP from inside a test host: a socket belongs to the network namespace of the thread that makes it.</summary>
internal static partial class NamespacedHttp
{
    private const int CloneNewNet = 0x40000000;

    /// <summary>A handler whose connections start in the namespace.</summary>
    public static SocketsHttpHandler Handler(string netns) => new()
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = await OpenAsync(netns);
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint.Host is { } host && IPAddress.TryParse(host, out var address)
                    ? new IPEndPoint(address, context.DnsEndPoint.Port)
                    : new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    /// <summary>A TCP socket that belongs to the namespace.</summary>
    public static Task<Socket> OpenAsync(string netns)
    {
        var opened = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        // The thread is left in the namespace and ends: no thread of the pool ever changes its own.
        new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{netns}");
                if (SetNamespace((int)handle.DangerousGetHandle(), CloneNewNet) != 0)
                    throw new IOException($"setns {netns}: error {Marshal.GetLastPInvokeError()}");
                opened.SetResult(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            }
            catch (Exception e)
            {
                opened.SetException(e);
            }
        }) { IsBackground = true }.Start();
        return opened.Task;
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int handle, int type);
}
