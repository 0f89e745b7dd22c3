using System.CommandLine;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Rollout;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl rollout</c>: status, history, undo, pause, resume and restart.</summary>
internal static class RolloutCommand
{
    public static Command Create()
    {
        var timeout = Flags.Duration("--timeout", "DURATION", "Give up after so long, such as 90s; 0 waits for ever");
        var watch = Flags.On("--watch", "Follow until the rollout is over");
        var revision = Flags.Number("--revision", "N", "Show the pod template of this revision");
        var toRevision = Flags.Number("--to-revision", "N", "The revision to go back to; else the one before");
        var command = new KubeCommand("rollout", "Follow, undo, hold and repeat rollouts")
        {
            Group = "Rollouts and scale",
            About = "A rollout brings a changed pod template to all pods of a Deployment, DaemonSet or StatefulSet, a few at a time.",
            Examples = """
                # Wait until a Deployment is rolled out
                akctl rollout status deployment/web

                # Back to the version before, or to one from the list
                akctl rollout history deployment/web
                akctl rollout undo deployment/web
                akctl rollout undo deployment/web --to-revision=3
                """,
        };
        command.Add(Sub("status", "Follow a rollout until it is over", "akctl rollout status deployment/web --timeout=90s", [timeout, watch],
            (actions, target, p, c) => actions.StatusAsync(target, p.GetValue(timeout) ?? TimeSpan.Zero, p.GetValue(watch), c)));
        command.Add(Sub("history", "List the revisions, or show one", "akctl rollout history deployment/web --revision=3", [revision],
            (actions, target, p, c) => actions.HistoryAsync(target, p.GetValue(revision) ?? 0, c)));
        command.Add(Sub("undo", "Go back to an earlier revision", "akctl rollout undo deployment/web --to-revision=3", [toRevision],
            (actions, target, p, c) => actions.UndoAsync(target, p.GetValue(toRevision) ?? 0, c)));
        command.Add(Sub("pause", "Hold a rollout: changes of the template wait", "akctl rollout pause deployment/web", [], (actions, target, _, c) => actions.PauseAsync(target, true, c)));
        command.Add(Sub("resume", "Let a held rollout go on", "akctl rollout resume deployment/web", [], (actions, target, _, c) => actions.PauseAsync(target, false, c)));
        command.Add(Sub("restart", "Replace all pods, a few at a time", "akctl rollout restart deployment/web\nakctl rollout restart deployment -l app=web", [],
            (actions, target, _, c) => actions.RestartAsync(target, c)));
        return command;
    }

    private static KubeCommand Sub(string verb, string description, string example, Option[] options, Func<RolloutActions, Target, ParseResult, CancellationToken, Task> action)
    {
        var command = new KubeCommand(verb, description) { Usage = "(TYPE NAME | TYPE/NAME | TYPE -l SELECTOR | -f FILE) [options]", Examples = example };
        var targets = TargetOptions.AddTo(command, verb);
        foreach (var option in options)
            command.Add(option);
        command.Run(async (parsed, cancellation) =>
        {
            var actions = new RolloutActions(CliSession.Open(parsed));
            var errors = new List<Exception>();
            foreach (var target in await targets.ReadAsync(actions.Session, parsed, "required resource not specified", cancellation))
            {
                try
                {
                    await action(actions, target, parsed, cancellation);
                }
                catch (Exception e) when (e is ApiException or CliException)
                {
                    errors.Add(e);
                }
            }

            SeveralException.ThrowIfAny(errors);
        });
        return command;
    }
}
