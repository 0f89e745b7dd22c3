using System.CommandLine;
using ActorKube.Cli;
using ActorKube.Cli.Commands;

var root = new RootCommand("akctl controls an ActorKube cluster, or any Kubernetes cluster.")
{
    GlobalOptions.KubeConfig, GlobalOptions.Context, GlobalOptions.Namespace, GlobalOptions.Server,
    ApplyCommand.Create(),
    GetCommand.Create(),
    DescribeCommand.Create(),
    DeleteCommand.Create(),
    LogsCommand.Create(),
    ExecCommand.Create(),
    ScaleCommand.Create(),
    RolloutCommand.Create(),
    ImageCommand.Create(),
    ConfigCommand.Create(),
    VersionCommand.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
        Console.Error.WriteLine($"error: {error.Message}");
    Console.Error.WriteLine($"See '{Help(parsed)} --help' for usage.");
    return 1;
}

return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });

static string Help(ParseResult result)
{
    var names = new List<string>();
    for (var command = result.CommandResult; command is not null; command = command.Parent as System.CommandLine.Parsing.CommandResult)
        names.Insert(0, command.Command is RootCommand ? "akctl" : command.Command.Name);
    return string.Join(' ', names);
}
