using System.ComponentModel;
using System.Diagnostics;

namespace ActorKube.KubeProxy.PodNetwork;

/// <summary>The programs <c>ip</c> and <c>bridge</c>, and kernel settings.</summary>
public interface INetworkTools
{
    /// <summary>What the network looks like now.</summary>
    Task<ObservedNetwork> ObserveAsync(int routeProtocol, CancellationToken cancellationToken);

    /// <summary>Carries commands out, each although one before failed. Returns what failed.</summary>
    Task<IReadOnlyList<string>> ApplyAsync(NetworkCommands commands, CancellationToken cancellationToken);

    /// <summary>Sets a kernel setting; returns what went wrong, or null.</summary>
    string? SetSysctl(string name, string value);
}

/// <summary>The programs could not be run.</summary>
public sealed class NetworkToolsException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The real programs.</summary>
/// <param name="enter">Words before each command, such as <c>nsenter --net=…</c>; empty for this machine.</param>
/// <param name="setSysctl">Sets a kernel setting.</param>
public sealed class NetworkTools(IReadOnlyList<string> enter, Func<string, string, string?> setSysctl) : INetworkTools
{
    /// <inheritdoc/>
    public async Task<ObservedNetwork> ObserveAsync(int routeProtocol, CancellationToken cancellationToken)
    {
        var links = await ReadAsync("-j -d addr show", cancellationToken).ConfigureAwait(false);
        var v4 = await ReadAsync($"-j -4 route show proto {routeProtocol}", cancellationToken).ConfigureAwait(false);
        var v6 = await ReadAsync($"-j -6 route show proto {routeProtocol}", cancellationToken).ConfigureAwait(false);
        return ObservedNetwork.Parse(links, v4, v6);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ApplyAsync(NetworkCommands commands, CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        foreach (var (program, lines) in new[] { ("ip", commands.Ip), ("bridge", commands.Bridge) })
        {
            if (lines.Count == 0)
            {
                continue;
            }

            var (code, _, error) = await RunAsync([program, "-force", "-batch", "-"], string.Join('\n', lines) + "\n", cancellationToken).ConfigureAwait(false);
            if (code != 0)
            {
                failures.Add(Explain(lines, error));
            }
        }

        return failures;
    }

    /// <inheritdoc/>
    public string? SetSysctl(string name, string value) => setSysctl(name, value);

    /// <summary>Puts the command's own words to "Command failed -:3".</summary>
    internal static string Explain(IReadOnlyList<string> lines, string error) => string.Join("; ", error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(l => l.StartsWith("Command failed -:", StringComparison.Ordinal) && int.TryParse(l.AsSpan("Command failed -:".Length), out var n) && n <= lines.Count ? $"({lines[n - 1]})" : l.Trim()));

    private async Task<string> ReadAsync(string arguments, CancellationToken cancellationToken)
    {
        var (code, output, error) = await RunAsync(["ip", .. arguments.Split(' ')], "", cancellationToken).ConfigureAwait(false);
        return code == 0 ? output : throw new NetworkToolsException($"ip {arguments} exited with {code}: {error.Trim()}");
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(IReadOnlyList<string> command, string input, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> all = [.. enter, .. command];
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(all[0], all.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception e)
        {
            throw new NetworkToolsException($"cannot run {all[0]}: {e.Message}", e);
        }

        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken).ConfigureAwait(false);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return (process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
    }
}
