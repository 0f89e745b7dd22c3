using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;
using ActorKube.Client;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl version</c>: of the client, and of the server where one answers.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var client = new Option<bool>("--client") { Description = "Only this program's version." };
        var command = new Command("version", "Show the versions of client and server.") { client };
        command.Run(async (parsed, cancellation) =>
        {
            Console.WriteLine($"Client Version: v{typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]}");
            if (parsed.GetValue(client))
                return;
            var session = CliSession.Open(parsed);
            try
            {
                var json = JsonNode.Parse(await session.Transport.Http.GetStringAsync("/version", cancellation))!;
                Console.WriteLine($"Server Version: {(string?)json["gitVersion"]}");
            }
            catch (HttpRequestException e)
            {
                throw new ApiUnreachableException((e.InnerException ?? e).Message, e);
            }
        });
        return command;
    }
}
