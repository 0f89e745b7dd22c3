using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace ActorKube.KubeProxy.Tests;

/// <summary>A network namespace of a unique name that stands for a machine or a pod. Gone when disposed.</summary>
public sealed partial class NetworkNamespace : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public NetworkNamespace(string purpose)
    {
        Name = $"akt-{purpose}-{Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(3)).ToLowerInvariant()}";
        Shell.Run("ip", "netns", "add", Name);
        Ip("link set lo up");
    }

    public string Name { get; }

    /// <summary>What to put before a command so that it runs in here.</summary>
    public IReadOnlyList<string> Enter => ["nsenter", $"--net=/run/netns/{Name}"];

    /// <summary>Why tests with namespaces cannot run here; null when they can.</summary>
    public static string? Missing() =>
        !OperatingSystem.IsLinux() ? "network namespaces are a Linux thing"
        : Environment.UserName != "root" ? "making network namespaces needs root"
        : new[] { "ip", "nft", "nsenter" }.FirstOrDefault(p => !Shell.Exists(p)) is { } program ? $"the program {program} is not installed"
        : null;

    /// <summary>Runs <c>ip</c> once for all these commands. Such for IPv6 need no <c>-6</c> where an address says it.</summary>
    public string Ip(params string[] commands) => Shell.RunWith(string.Join('\n', commands) + "\n", [.. Enter, "ip", "-batch", "-"]);

    public string Run(params string[] command) => Shell.Run([.. Enter, .. command]);

    public void Sysctl(string name, string value) => Run("sh", "-c", $"echo {value} > /proc/sys/{name}");

    /// <summary>Runs on a thread that is in here: sockets made by it stay in here.</summary>
    public T Do<T>(Func<T> what)
    {
        T result = default!;
        Exception? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/run/netns/{Name}");
                if (SetNs(file.DangerousGetHandle().ToInt32(), 0x40000000) != 0)
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                result = what();
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        thread.Start();
        thread.Join();
        return error is null ? result : throw error;
    }

    /// <summary>Joins two namespaces by a pair of interfaces.</summary>
    public void Connect(string ownInterface, NetworkNamespace other, string otherInterface)
    {
        Ip($"link add {ownInterface} type veth peer name {otherInterface} netns {other.Name}", $"link set {ownInterface} up");
        other.Ip($"link set {otherInterface} up");
    }

    /// <summary>Answers every TCP connection and UDP datagram with the name given and the client's address.</summary>
    public void Serve(int port, string answer, ProtocolType protocol = ProtocolType.Tcp)
    {
        var socket = Do(() =>
        {
            var s = protocol == ProtocolType.Tcp
                ? new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true }
                : new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = true };
            s.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            return s;
        });
        _owned.Add(socket);
        if (protocol == ProtocolType.Tcp)
        {
            socket.Listen(512);
            _ = Task.Run(async () =>
            {
                while (true)
                {
                    var client = await socket.AcceptAsync();
                    _ = AnswerAsync(client, answer);
                }
            });
        }
        else
        {
            _ = Task.Run(async () =>
            {
                var buffer = new byte[1500];
                while (true)
                {
                    var got = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.IPv6Any, 0));
                    await socket.SendToAsync(Encoding.UTF8.GetBytes($"{answer} {Address(got.RemoteEndPoint)}"), got.RemoteEndPoint);
                }
            });
        }
    }

    /// <summary>Connects and returns what the server says; the exception of the socket when it cannot.</summary>
    public async Task<string> AskAsync(string address, int port, string? from = null, int seconds = 5)
    {
        using var socket = Do(() => NewSocket(address, SocketType.Stream, from));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await socket.ConnectAsync(IPAddress.Parse(address), port, limit.Token);
        var buffer = new byte[200];
        var read = await socket.ReceiveAsync(buffer, limit.Token);
        return Encoding.UTF8.GetString(buffer, 0, read);
    }

    /// <summary>Who answers: the server's name alone.</summary>
    public async Task<string> WhoAsync(string address, int port, string? from = null) => (await AskAsync(address, port, from)).Split(' ')[0];

    public async Task<string> AskUdpAsync(string address, int port, string? from = null)
    {
        using var socket = Do(() => NewSocket(address, SocketType.Dgram, from));
        return await AskUdpAsync(socket, address, port);
    }

    public Socket UdpSocket(string address) => Do(() => NewSocket(address, SocketType.Dgram, null));

    public static async Task<string> AskUdpAsync(Socket socket, string address, int port)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await socket.SendToAsync("hello"u8.ToArray(), new IPEndPoint(IPAddress.Parse(address), port), limit.Token);
        var buffer = new byte[200];
        var read = await socket.ReceiveAsync(buffer, limit.Token);
        return Encoding.UTF8.GetString(buffer, 0, read);
    }

    public void Dispose()
    {
        _owned.ForEach(o => o.Dispose());
        Shell.Run("ip", "netns", "del", Name);
    }

    private static Socket NewSocket(string address, SocketType type, string? from)
    {
        var socket = new Socket(IPAddress.Parse(address).AddressFamily, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp);
        if (from is not null)
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        return socket;
    }

    private static async Task AnswerAsync(Socket client, string answer)
    {
        using (client)
        {
            await client.SendAsync(Encoding.UTF8.GetBytes($"{answer} {Address(client.RemoteEndPoint!)}"));

            // A client that stays gets an echo: tests of long connections.
            var buffer = new byte[100];
            while (await client.ReceiveAsync(buffer) is > 0 and var read)
                await client.SendAsync(buffer.AsMemory(0, read));
        }
    }

    private static string Address(EndPoint endpoint)
    {
        var address = ((IPEndPoint)endpoint).Address;
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNs(int fd, int kind);
}

/// <summary>Runs programs.</summary>
public static class Shell
{
    public static string Run(params string[] command) => RunWith("", command);

    public static string RunWith(string input, params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', command)}: {error.Result}");
    }

    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin").Any(d => File.Exists(Path.Combine(d, program)));
}
