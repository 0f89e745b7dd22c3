using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl version</c>: of the client, and of the server where one answers.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var client = Flags.Switch("--client", "Only this program's version; no server is asked");
        var output = Flags.Text("--output", "FORMAT", "yaml or json", "-o");
        var command = new KubeCommand("version", "Show the versions of client and server")
        {
            Group = "Other",
            Examples = """
                akctl version
                akctl version --client
                akctl version -o json
                """,
        };
        command.Add(client);
        command.Add(output);
        command.Run(async (parsed, cancellation) =>
        {
            var format = parsed.GetValue(output) ?? "";
            if (format is not ("" or "yaml" or "json"))
                throw new CliException("--output must be 'yaml' or 'json'");
            var own = "v" + typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
            if (format.Length == 0)
                Console.WriteLine($"Client Version: {own}");
            var server = parsed.GetValue(client) ? null : JsonNode.Parse(await CliSession.Open(parsed).RawAsync("/version", cancellation));
            var both = new JsonObject { ["clientVersion"] = new JsonObject { ["gitVersion"] = own } };
            if (server is not null)
                both["serverVersion"] = server;
            if (format.Length > 0)
                Console.Write(format == "yaml" ? YamlText.Of(both) : JsonText.Indented(both) + "\n");
            else if (server is not null)
                Console.WriteLine($"Server Version: {server.Text("gitVersion")}");
        });
        return command;
    }
}
