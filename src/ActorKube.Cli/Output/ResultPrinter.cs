using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Paths;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Output;

/// <summary>What a command says of the objects it changed: <c>pod/web labeled</c>, or with <c>-o</c> the object.</summary>
/// <param name="Format">Empty for words.</param>
/// <param name="DryRun"><c>none</c>, <c>client</c> or <c>server</c>.</param>
internal sealed record ResultPrinter(string Format, string DryRun)
{
    private bool _separate;

    /// <summary>Whether nothing is said at all.</summary>
    public bool Silent { get; init; }

    /// <summary>The option.</summary>
    public static Option<string?> Option() => Flags.Text("--output", "FORMAT", "yaml, json, name, jsonpath=… or custom-columns=…: show the object as it is then", "-o");

    /// <summary>Throws <see cref="CliException"/> where the format is none.</summary>
    public static ResultPrinter Of(string? format, string dryRun)
    {
        ObjectPrinter.Check(format ?? "");
        return new ResultPrinter(format ?? "", dryRun);
    }

    /// <summary>Says it.</summary>
    public void Print(ResourceKind kind, JsonObject value, string verb)
    {
        if (Silent)
            return;
        if (Format.Length == 0)
            Console.WriteLine($"{new ResourceName(kind, value.Text("metadata", "name"))} {verb}{DryRuns.Suffix(DryRun)}");
        else
            Console.Write((_separate && Format == "yaml" ? "---\n" : "") + ObjectPrinter.Of(value, Format, kind));
        _separate = true;
    }
}
