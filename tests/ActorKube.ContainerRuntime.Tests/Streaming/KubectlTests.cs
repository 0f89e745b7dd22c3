using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace ActorKube.ContainerRuntime.Tests.Streaming;

/// <summary>The streaming servers, driven by every kubectl that lies on this machine.</summary>
public sealed class KubectlTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Paths of kubectl, its older versions included, and whether the server takes WebSockets.</summary>
    public static TheoryData<string, bool> Kubectls
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var path in Find())
            {
                data.Add(path, true);
                data.Add(path, false);
            }

            if (data.Count == 0)
            {
                data.Add("", true);
            }

            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Kubectls))]
    public async Task Exec_passes_input_output_errors_and_the_exit_code(string kubectl, bool webSockets)
    {
        Skip.If(kubectl == "", "kubectl is not on the PATH");
        await using var server = new KubectlServer(webSockets);
        var input = string.Concat(Enumerable.Range(0, 30_000).Select(i => $"line {i}\n"));
        var (code, output, errors) = await RunAsync(kubectl, server, input, "exec", "-i", "p", "-c", "c", "--", "sh", "-c", "cat; echo warned >&2; exit 7");
        Assert.Equal(input, output);
        Assert.Contains("warned", errors, StringComparison.Ordinal);
        Assert.Contains("command terminated with exit code 7", errors, StringComparison.Ordinal);
        Assert.Equal(7, code);

        (code, output, errors) = await RunAsync(kubectl, server, "", "exec", "p", "-c", "c", "--", "echo", "fine");
        Assert.Equal((0, "fine\n", ""), (code, output, errors));
        (code, _, errors) = await RunAsync(kubectl, server, "", "exec", "p", "-c", "c", "--", "/no/such/program");
        Assert.Contains("Internal error occurred: error executing command in container", errors, StringComparison.Ordinal);
        Assert.Equal(1, code);
        Assert.Empty(server.Failures);
        Assert.Equal(3, server.Protocols.Count);
        Assert.Single(server.Protocols.Distinct());
    }

    [SkippableTheory]
    [MemberData(nameof(Kubectls))]
    public async Task Port_forward_carries_many_connections(string kubectl, bool webSockets)
    {
        Skip.If(kubectl == "", "kubectl is not on the PATH");
        await using var server = new KubectlServer(webSockets);
        using var process = Start(kubectl, server, "port-forward", "pod/p", ":80", ":81");
        try
        {
            var errors = process.StandardError.ReadLineAsync();
            var ports = new Dictionary<string, int>();
            while (ports.Count < 2)
            {
                // Forwarding from 127.0.0.1:40123 -> 80
                var words = (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience))!.Split(' ');
                if (words[2].Split(':') is ["127.0.0.1", var port])
                {
                    ports[words[^1]] = int.Parse(port);
                }
            }

            var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => AskAsync(ports["80"], new string((char)('a' + i), 100_000)))).WaitAsync(Patience);
            Assert.All(answers.Index(), answer => Assert.Equal("port 80: " + new string((char)('a' + answer.Index), 100_000), answer.Item));
            Assert.False(errors.IsCompleted);

            Assert.Equal("", await AskAsync(ports["81"], "x").WaitAsync(Patience));
            Assert.Contains("error forwarding port 81 to pod p: connection refused", await errors.WaitAsync(Patience), StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>Every kubectl on this machine, by path.</summary>
    internal static IEnumerable<string> Find()
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, "kubectl")).FirstOrDefault(File.Exists);
        if (found is null)
        {
            return [];
        }

        var real = File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? found;
        return Directory.GetFiles(Path.GetDirectoryName(real)!, "kubectl.1.*").Prepend(real).Distinct().Order();
    }

    internal static async Task<string> AskAsync(int port, string question)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(question));
            client.Client.Shutdown(SocketShutdown.Send);
            return await new StreamReader(stream).ReadToEndAsync();
        }
        catch (IOException)
        {
            return "";
        }
    }

    internal static System.Diagnostics.Process Start(string kubectl, KubectlServer server, params string[] arguments)
    {
        var start = new ProcessStartInfo(kubectl, ["--server", server.Url, "--kubeconfig", "/dev/null", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["HOME"] = Path.Combine(Path.GetTempPath(), "kubectl-" + Guid.NewGuid().ToString("N")) },
        };
        return System.Diagnostics.Process.Start(start)!;
    }

    internal static async Task<(int Code, string Output, string Errors)> RunAsync(string kubectl, KubectlServer server, string input, params string[] arguments)
    {
        using var process = Start(kubectl, server, arguments);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            await process.StandardInput.WriteAsync(input).WaitAsync(Patience);
            process.StandardInput.Close();
            await process.WaitForExitAsync().WaitAsync(Patience);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            process.Kill();
        }
    }
}
