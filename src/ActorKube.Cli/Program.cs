using System.CommandLine;
using System.Text;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Commands;
using ActorKube.Cli.Output;

Console.SetOut(new StreamWriter(StandardStream.OpenOutput(), new UTF8Encoding(false)) { AutoFlush = true });
// Not the writers that Console makes: those set up the terminal, which takes time, and one in raw mode must not be touched.
Console.SetError(new StreamWriter(StandardStream.OpenErrors(), new UTF8Encoding(false)) { AutoFlush = true });
var root = new RootCommand("akctl controls an ActorKube cluster, or any Kubernetes cluster.");
foreach (var option in GlobalOptions.All)
    root.Add(option);
foreach (var command in new[]
{
    CreateCommand.Create(), RunCommand.Create(), ExposeCommand.Create(), ApplyCommand.Create(), DiffCommand.Create(), GetCommand.Create(), DescribeCommand.Create(), ExplainCommand.Create(), DeleteCommand.Create(), ScaleCommand.Create(), RolloutCommand.Create(),
    LabelCommand.CreateLabel(), LabelCommand.CreateAnnotate(), PatchCommand.Create(), EditCommand.Create(), SetCommand.Create(), WaitCommand.Create(),
    LogsCommand.Create(), ExecCommand.Create(), AttachCommand.Create(), PortForwardCommand.Create(), CopyCommand.Create(), ImageCommand.Create(), HistoryCommand.CreateHistory(), HistoryCommand.CreateBlame(), HistoryCommand.CreateUndo(), BackupCommand.Create(), TopCommand.Create(), ApiResourcesCommand.Create(), ApiResourcesCommand.CreateVersions(), ApiResourcesCommand.CreateClusterInfo(), AuthCommand.Create(),
    ConfigCommand.Create(), VersionCommand.Create(), CompletionCommand.Create(), CompletionCommand.CreateAsked(root),
})
    root.Add(command);
return await CommandLines.RunAsync(root, args);
