using System.CommandLine;
using ActorKube.Host.Commands;

var root = new RootCommand("ActorKube: Kubernetes as an actor system.")
{
    DevCommand.Create(),
    SeedCommand.Create(),
    NodeCommand.Create(),
    RestoreCommand.Create(),
    CheckCommand.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
        Console.Error.WriteLine($"actorkube: {error.Message}");
    return 2;
}

return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
