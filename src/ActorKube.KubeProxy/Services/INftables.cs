using System.ComponentModel;
using System.Diagnostics;

namespace ActorKube.KubeProxy.Services;

/// <summary>Runs the <c>nft</c> program.</summary>
public interface INftables
{
    /// <summary>Applies a script in one transaction. Throws <see cref="NftablesException"/> when nft refuses it.</summary>
    Task ApplyAsync(string script, CancellationToken cancellationToken);

    /// <summary>Runs <c>nft -j</c> with arguments and returns the JSON, or null when what was asked for does not exist.</summary>
    Task<string?> ListAsync(string arguments, CancellationToken cancellationToken);
}

/// <summary>nft refused, or could not be run.</summary>
public sealed class NftablesException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The real program.</summary>
/// <param name="command">Program and leading arguments: <c>nft</c>, or <c>nsenter --net=… nft</c>.</param>
public sealed class NftProcess(IReadOnlyList<string> command) : INftables
{
    /// <inheritdoc/>
    public async Task ApplyAsync(string script, CancellationToken cancellationToken)
    {
        var (code, _, error) = await RunAsync(["-f", "-"], script, cancellationToken).ConfigureAwait(false);
        if (code != 0)
        {
            throw new NftablesException($"nft exited with {code}: {error.Trim()}");
        }
    }

    /// <inheritdoc/>
    public async Task<string?> ListAsync(string arguments, CancellationToken cancellationToken)
    {
        var (code, output, error) = await RunAsync(["-j", .. arguments.Split(' ')], "", cancellationToken).ConfigureAwait(false);
        return code == 0 ? output
            : error.Contains("No such file or directory", StringComparison.Ordinal) ? null
            : throw new NftablesException($"nft {arguments} exited with {code}: {error.Trim()}");
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(IEnumerable<string> arguments, string input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1).Concat(arguments))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new NftablesException($"cannot run {command[0]}: {e.Message}", e);
        }

        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken).ConfigureAwait(false);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // nft ended before it read everything; its exit code and words say why.
            }

            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return (process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
    }
}
