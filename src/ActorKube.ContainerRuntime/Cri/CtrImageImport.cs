using System.Diagnostics;
using System.Text.RegularExpressions;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Cri;

/// <summary>
/// Imports image archives into containerd. CRI has no call for it, so containerd's own client does it, in the
/// namespace where the CRI plugin looks.
/// </summary>
/// <param name="socketPath">containerd's socket.</param>
internal sealed partial class CtrImageImport(string socketPath)
{
    private const string Command = "ctr";
    private static readonly string[] Common = ["--namespace", "k8s.io"];

    /// <summary>Imports a tar and returns the references it brought, in the full form that CRI uses.</summary>
    public async Task<IReadOnlyList<string>> ImportAsync(Stream archive, CancellationToken cancellationToken)
    {
        var output = await RunAsync(["images", "import", "-"], archive, cancellationToken).ConfigureAwait(false);
        var references = new List<string>();
        foreach (var reference in References(output))
        {
            var full = ImageReference.Parse(reference).ToString();
            if (full != reference)
            {
                // An OCI layout may name its image just "web:1"; CRI only ever looks for "docker.io/library/web:1".
                await RunAsync(["images", "tag", "--force", reference, full], null, cancellationToken).ConfigureAwait(false);
                await RunAsync(["images", "remove", reference], null, cancellationToken).ConfigureAwait(false);
            }

            references.Add(full);
        }

        return references.Count > 0
            ? references
            : throw new ContainerRuntimeException("The archive brought no image: it names none. Give the image a tag when saving it.");
    }

    /// <summary>The references in ctr's progress lines: <c>unpacking docker.io/library/web:1 (sha256:…)...done</c>.</summary>
    internal static IEnumerable<string> References(string output) =>
        UnpackingLine().Matches(output).Select(match => match.Groups[1].Value).Distinct();

    private async Task<string> RunAsync(string[] arguments, Stream? input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])["--address", socketPath, .. Common, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var broken = await FeedAsync(process, input, cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            var (outputText, errorText) = (await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
            return process.ExitCode == 0 && broken is null
                ? outputText
                : throw new ContainerRuntimeException($"{Command} {string.Join(' ', arguments)} failed: {errorText.Trim()}", inner: broken);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static System.Diagnostics.Process Start(ProcessStartInfo start)
    {
        try
        {
            return System.Diagnostics.Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ContainerRuntimeException(
                $"Importing an image into containerd needs its client `{Command}` on the PATH, and it cannot be started: {e.Message}. "
                + "Install the containerd package, or push the image to a registry.", ContainerRuntimeError.Unimplemented, e);
        }
    }

    // ctr may stop reading early; then its error output says why and the broken pipe is only the consequence.
    private static async Task<IOException?> FeedAsync(System.Diagnostics.Process process, Stream? input, CancellationToken cancellationToken)
    {
        try
        {
            if (input is not null)
            {
                await input.CopyToAsync(process.StandardInput.BaseStream, cancellationToken).ConfigureAwait(false);
            }

            process.StandardInput.Close();
            return null;
        }
        catch (IOException e)
        {
            return e;
        }
    }

    [GeneratedRegex(@"^unpacking (\S+) \(sha256:", RegexOptions.Multiline)]
    private static partial Regex UnpackingLine();
}
