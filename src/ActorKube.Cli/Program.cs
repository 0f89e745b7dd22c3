using System.CommandLine;
using System.Text;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Commands;

Console.SetOut(new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true });
// Made here, as the one that Console makes sets up the terminal first: that takes time, and a terminal in raw mode must not be touched.
Console.SetError(new StreamWriter(Console.OpenStandardError(), new UTF8Encoding(false)) { AutoFlush = true });
var root = new RootCommand("akctl controls an ActorKube cluster, or any Kubernetes cluster.");
foreach (var option in GlobalOptions.All)
    root.Add(option);
foreach (var command in new[]
{
    CreateCommand.Create(), ApplyCommand.Create(), DiffCommand.Create(), GetCommand.Create(), DescribeCommand.Create(), ExplainCommand.Create(), DeleteCommand.Create(), ScaleCommand.Create(), RolloutCommand.Create(),
    LabelCommand.CreateLabel(), LabelCommand.CreateAnnotate(), PatchCommand.Create(), WaitCommand.Create(),
    LogsCommand.Create(), ExecCommand.Create(), PortForwardCommand.Create(), CopyCommand.Create(), ImageCommand.Create(), ApiResourcesCommand.Create(), ApiResourcesCommand.CreateVersions(), ApiResourcesCommand.CreateClusterInfo(), AuthCommand.Create(),
    ConfigCommand.Create(), VersionCommand.Create(), CompletionCommand.Create(), CompletionCommand.CreateAsked(root),
})
    root.Add(command);
return await CommandLines.RunAsync(root, args);
