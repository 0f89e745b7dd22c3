using System.CommandLine;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;
using ActorKube.Client;
using ActorKube.Client.Kubeconfigs;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl completion</c>: scripts that let a shell complete commands, flags, kinds and names.</summary>
internal static class CompletionCommand
{
    /// <summary>What the scripts call: it prints what the last word may become, a line each.</summary>
    private const string Asked = "__complete";

    // A key that is pressed wants its answer at once.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly string[] WithPods = ["logs", "exec", "port-forward", "cp"];
    private static readonly string[] WithObjects = ["get", "describe", "delete", "label", "annotate", "patch", "scale", "wait", "explain", "status", "history", "undo", "pause", "resume", "restart"];

    public static Command Create()
    {
        var command = new KubeCommand("completion", "Print a script that completes words for a shell")
        {
            Group = "Other",
            Examples = """
                # In ~/.bashrc
                source <(akctl completion bash)

                # In ~/.zshrc, after compinit
                source <(akctl completion zsh)

                # In ~/.config/fish/completions/akctl.fish
                akctl completion fish > ~/.config/fish/completions/akctl.fish
                """,
        };
        command.Add(Shell("bash", """
            _akctl() {
                local IFS=$'\n'
                local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
                COMPREPLY=($(akctl __complete -- "${words[@]}" 2>/dev/null))
                if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
            }
            complete -o default -F _akctl akctl
            """));
        command.Add(Shell("zsh", """
            #compdef akctl
            _akctl() {
                local -a found
                found=("${(@f)$(akctl __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
                if [[ -n $found ]]; then compadd -a found; else _files; fi
            }
            compdef _akctl akctl
            """));
        command.Add(Shell("fish", """
            function __akctl_complete
                set -l words (commandline -opc) (commandline -ct)
                akctl __complete -- $words[2..-1] 2>/dev/null
            end
            complete -c akctl -a '(__akctl_complete)'
            """));
        return command;
    }

    /// <summary>The command behind the scripts.</summary>
    public static Command CreateAsked(RootCommand root)
    {
        var command = new KubeCommand(Asked, "What the last word may become") { Hidden = true, TakesTail = true };
        command.Run(async (_, cancellation) =>
        {
            var words = CommandWords.Current.Tail ?? [];
            var found = await FindAsync(root, words, cancellation);
            Console.Write(string.Concat(found.Distinct().Order(StringComparer.Ordinal).Select(w => w + "\n")));
        });
        return command;
    }

    private static async Task<IEnumerable<string>> FindAsync(RootCommand root, string[] words, CancellationToken cancellation)
    {
        var last = words.Length > 0 ? words[^1] : "";
        var before = words.SkipLast(1).ToArray();
        var (command, arguments) = Completions.Place(root, before);
        if (last.StartsWith('-'))
            return Completions.Flags(root, command, last);
        if (command.Subcommands.Any(s => !s.Hidden) && arguments.Count == 0)
            return command.Subcommands.Where(s => !s.Hidden && s.Name.StartsWith(last, StringComparison.Ordinal)).Select(s => s.Name);
        var namespaces = before is [.., "-n" or "--namespace"];
        if (!namespaces && !WithPods.Contains(command.Name) && !WithObjects.Contains(command.Name))
            return [];
        if (!namespaces && !WithPods.Contains(command.Name) && arguments.Count == 0 && !last.Contains('/'))
            return Kinds.All().SelectMany(k => k.ShortNames.Append(k.Resource)).Where(w => w.StartsWith(last, StringComparison.Ordinal));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            var session = CliSession.Open(root.Parse([.. Completions.Global(before)]));
            if (namespaces)
                return await NamesAsync(session, KindRegistry.BuiltIn.Find("", "v1", "namespaces")!, last, "", limit.Token);
            var type = last.Contains('/') ? last.Split('/')[0] : WithPods.Contains(command.Name) ? "pods" : arguments[0];
            var kind = await session.Kinds.FindAsync(type, limit.Token);
            return last.Contains('/') ? await NamesAsync(session, kind, last[(type.Length + 1)..], type + "/", limit.Token) : await NamesAsync(session, kind, last, "", limit.Token);
        }
        catch (Exception e) when (e is ApiException or CliException or ApiUnreachableException or KubeConfigException or HttpRequestException or OperationCanceledException)
        {
            return []; // A shell that completes has nobody to tell.
        }
    }

    private static async Task<IEnumerable<string>> NamesAsync(CliSession session, ResourceKind kind, string prefix, string lead, CancellationToken cancellation)
    {
        var list = await session.ListAsync(kind, null, null, null, cancellation);
        return list.List("items").Select(o => o.Text("metadata", "name")).Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Select(n => lead + n);
    }

    private static KubeCommand Shell(string name, string script)
    {
        var command = new KubeCommand(name, $"For {name}") { Examples = $"akctl completion {name}" };
        command.Run((_, _) =>
        {
            Console.WriteLine(script);
            return Task.CompletedTask;
        });
        return command;
    }
}
