using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Tests.Images;

/// <summary>Runs the machine code that the demo image consists of.</summary>
public class HelloServerTests
{
    public static TheoryData<string> Architectures => ["X64", "Arm64"];

    [SkippableTheory]
    [MemberData(nameof(Architectures))]
    public async Task Answers_with_the_host_name_and_its_version_and_logs_each_request(string architecture)
    {
        using var server = await Server.StartAsync(architecture);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        Assert.Equal($"Hello from {Dns.GetHostName()} (v7)\n", await http.GetStringAsync("/any/path?x=1"));
        Assert.Equal("ok\n", await http.GetStringAsync("/healthz"));
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"));
        Assert.Equal($"Hello from {Dns.GetHostName()} (v7)\n".Length, head.Content.Headers.ContentLength);
        using var post = await http.PostAsync("/form", new ByteArrayContent(new byte[200_000]));
        Assert.Equal(HttpStatusCode.OK, post.StatusCode);
        using var v6 = new HttpClient();
        if (Socket.OSSupportsIPv6)
            Assert.StartsWith("Hello from", await v6.GetStringAsync($"http://[::1]:{server.Port}/"), StringComparison.Ordinal);
        Assert.Equal(0, await server.StopAsync());
        Assert.Equal("hello v7: listening", server.Output[0]);
        Assert.Contains("GET /any/path?x=1 HTTP/1.1 200", server.Output);
        Assert.Contains("HEAD / HTTP/1.1 200", server.Output);
        // A request is logged after it is answered, so the last one's line may come behind this.
        Assert.Contains("hello v7: stopping", server.Output);
    }

    [SkippableFact]
    public async Task Loses_no_request_while_it_stops()
    {
        using var server = await Server.StartAsync("X64");
        // A request that is half sent when the signal comes is still answered.
        using var slow = new TcpClient("127.0.0.1", server.Port);
        await slow.GetStream().WriteAsync("GET /slow HTTP/1.1\r\n"u8.ToArray());
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        await http.GetStringAsync("/");
        var stopping = server.StopAsync();
        var answered = 0;
        for (var i = 0; i < 200; i++)
            answered += (await http.GetStringAsync("/")).Length > 0 ? 1 : 0;
        Assert.Equal(200, answered);
        await slow.GetStream().WriteAsync("Host: x\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(slow.GetStream());
        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync());
        await reader.ReadToEndAsync();
        slow.Close();
        Assert.Equal(0, await stopping.WaitAsync(TimeSpan.FromSeconds(20)));
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync("/"));
    }

    [SkippableFact]
    public async Task Serves_many_at_once_and_is_not_held_up_by_the_idle()
    {
        using var server = await Server.StartAsync("X64");
        using var idle = new TcpClient("127.0.0.1", server.Port);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => http.GetStringAsync("/")));
        Assert.Single(answers.Distinct());
        idle.Close();
        Assert.Equal(0, await server.StopAsync());
    }

    [Theory]
    [InlineData(MachineArchitecture.X64, 62)]
    [InlineData(MachineArchitecture.Arm64, 183)]
    internal void Is_a_small_static_executable_of_the_machine(MachineArchitecture architecture, int machine)
    {
        var program = HelloServer.Build(architecture, "v1");
        Assert.Equal([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1], program[..7]);
        Assert.Equal((2, machine), (program[16], program[18]));
        Assert.InRange(program.Length, 1000, 8000);
    }

    /// <summary>The same instructions as an assembler writes them.</summary>
    [Fact]
    public void Encodes_instructions_as_the_processors_manuals_say()
    {
        Assert.Equal("48c7c705000000" + "49bc8877665544332211" + "4889e8" + "4981c001000000" + "c3", Hex(MachineArchitecture.X64, p =>
        {
            p.Set(Register.A0, 5); // mov rdi, 5
            p.Set(Register.S2, 0x1122334455667788); // movabs r12, 0x1122334455667788
            p.Move(Register.Result, Register.S1); // mov rax, rbp
            p.Add(Register.A4, 1); // add r8, 1
            p.Return(); // ret
        })[..56]);
        Assert.Equal("a00080d2" + "e90313aa" + "21040091" + "420003cb" + "20040039" + "c0035fd6", Hex(MachineArchitecture.Arm64, p =>
        {
            p.Set(Register.A0, 5); // mov x0, #5
            p.Move(Register.Result, Register.S0); // mov x9, x19
            p.Add(Register.A1, 1); // add x1, x1, #1
            p.Subtract(Register.A2, Register.A3); // sub x2, x2, x3
            p.Store(1, Register.A0, Register.A1, 1); // strb w0, [x1, #1]
            p.Return(); // ret
        })[..48]);
    }

    private static string Hex(MachineArchitecture architecture, Action<TinyAssembler> write)
    {
        var program = TinyAssembler.For(architecture);
        write(program);
        return Convert.ToHexStringLower(program.ToElf()[(64 + 3 * 56)..]);
    }

    /// <summary>The server as a process of the test's own, through QEMU when it is for another processor.</summary>
    private sealed class Server : IDisposable
    {
        private const string Qemu = "/usr/bin/qemu-aarch64-static";
        private readonly TemporaryDirectory _directory = new();
        private readonly Process _process;

        private Server(MachineArchitecture architecture, bool emulated)
        {
            Port = LocalRegistry.FreePort();
            File.WriteAllBytes(_directory["hello"], HelloServer.Build(architecture, "v7"));
            PosixFile.SetMode(_directory["hello"], 0x140);
            _process = Process.Start(new ProcessStartInfo(emulated ? Qemu : _directory["hello"], emulated ? [_directory["hello"]] : Array.Empty<string>())
            {
                Environment = { ["PORT"] = $"{Port}" },
                RedirectStandardOutput = true,
            })!;
            _process.OutputDataReceived += (_, line) =>
            {
                lock (Output)
                {
                    if (line.Data is not null)
                        Output.Add(line.Data);
                }
            };
            _process.BeginOutputReadLine();
        }

        public int Port { get; }

        public List<string> Output { get; } = [];

        public static async Task<Server> StartAsync(string name)
        {
            var architecture = Enum.Parse<MachineArchitecture>(name);
            Skip.IfNot(OperatingSystem.IsLinux(), "the demo server is a Linux program");
            var own = RuntimeInformation.OSArchitecture.ToString() == name;
            Skip.IfNot(own || (name == "Arm64" && File.Exists(Qemu)), $"neither {name} nor qemu-user-static");
            var server = new Server(architecture, !own);
            var waited = Stopwatch.StartNew();
            while (true)
            {
                lock (server.Output)
                {
                    if (server.Output.Count > 0)
                        return server;
                }
                Assert.True(waited.Elapsed < TimeSpan.FromSeconds(10) && !server._process.HasExited, "the server does not come up");
                await Task.Delay(10);
            }
        }

        public async Task<int> StopAsync()
        {
            Kill(_process.Id, 15);
            await _process.WaitForExitAsync();
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
            _process.Dispose();
            _directory.Dispose();
        }

        [DllImport("libc", EntryPoint = "kill")]
        private static extern int Kill(int pid, int signal);
    }
}
