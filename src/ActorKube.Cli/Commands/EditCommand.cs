using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Change;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl edit</c>: an object in the user's editor.</summary>
internal static class EditCommand
{
    public static Command Create()
    {
        var subresource = Flags.Text("--subresource", "NAME", "Edit status or another part that is served by itself");
        var output = ResultPrinter.Option();
        var command = new KubeCommand("edit", "Edit objects in your editor")
        {
            Group = "Changing objects",
            Usage = "(TYPE NAME | TYPE/NAME... | TYPE -l SELECTOR | -f FILE) [options]",
            About = "The editor is that of KUBE_EDITOR or EDITOR, or vi. Leaving the text as it is, or empty, changes nothing.",
            Examples = """
                akctl edit deployment/web

                # With another editor
                KUBE_EDITOR=nano akctl edit service/web
                """,
        };
        var targets = TargetOptions.AddTo(command, "edit");
        command.Add(subresource);
        command.Add(output);
        command.Run(async (parsed, cancellation) =>
        {
            var printer = ResultPrinter.Of(parsed.GetValue(output), "none");
            var session = CliSession.Open(parsed);
            await EachTarget.RunAsync(
                await targets.ReadAsync(session, parsed, "must provide one or more resources by argument or filename", cancellation),
                target => EditAsync(session, target, parsed.GetValue(subresource) ?? "", printer, cancellation));
        });
        return command;
    }

    private static async Task EditAsync(CliSession session, Target target, string subresource, ResultPrinter printer, CancellationToken cancellation)
    {
        var file = Path.Combine(Path.GetTempPath(), $"akctl-edit-{Path.GetRandomFileName()}.yaml");
        string? refused = null;
        try
        {
            var before = await session.SendAsync(session.Request("get", target.Kind, target.Name, subresource, target.Namespace), cancellation);
            var shown = EditText.Of(before);
            var original = EditText.Read(shown)!;
            await File.WriteAllTextAsync(file, shown, cancellation);
            while (true)
            {
                await OpenAsync(file, cancellation);
                var text = await File.ReadAllTextAsync(file, cancellation);
                // What was refused once is not sent again: whoever leaves it so has given up.
                if (refused is not null && EditText.Body(text) == EditText.Body(refused))
                    throw new CliException("Edit cancelled, no valid changes were saved.");
                try
                {
                    if (EditText.Read(text) is not { } edited || EditText.Patch(original, edited) is not { Count: > 0 } patch)
                    {
                        await Console.Error.WriteLineAsync("Edit cancelled, no changes made.");
                        refused = null;
                        return;
                    }

                    var answer = await session.SendAsync(
                        session.Request("patch", target.Kind, target.Name, subresource, target.Namespace, ("fieldManager", "kubectl-edit"), ("fieldValidation", "Strict")) with
                        {
                            ContentType = "application/merge-patch+json",
                            Body = Encoding.UTF8.GetBytes(patch.ToJsonString()),
                        }, cancellation);
                    refused = null;
                    printer.Print(target.Kind, answer, "edited");
                    return;
                }
                catch (Exception e) when (e is ApiException { Reason: "Invalid" or "BadRequest" or "Conflict" } or CliException)
                {
                    refused = text;
                    await File.WriteAllTextAsync(file, EditText.Again(text, ErrorText.Of(e, session.Options.Server)), cancellation);
                }
            }
        }
        finally
        {
            if (refused is null)
                File.Delete(file);
            else
                await Console.Error.WriteLineAsync($"A copy of your changes has been stored to \"{file}\"");
        }
    }

    // The editor is a line for the shell: it may have arguments.
    private static async Task OpenAsync(string file, CancellationToken cancellation)
    {
        var editor = new[] { "KUBE_EDITOR", "EDITOR" }.Select(Environment.GetEnvironmentVariable).FirstOrDefault(v => !string.IsNullOrEmpty(v))
            ?? (OperatingSystem.IsWindows() ? "notepad" : "vi");
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo("cmd", ["/c", $"{editor} {file}"]) : new ProcessStartInfo("/bin/sh", ["-c", $"{editor} \"$0\"", file]);
        start.UseShellExecute = false;
        using var process = Process.Start(start) ?? throw new CliException($"there was a problem with the editor \"{editor}\"");
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
            throw new PlainException($"error: there was a problem with the editor \"{editor}\"");
    }
}
