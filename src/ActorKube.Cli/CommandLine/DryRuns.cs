namespace ActorKube.Cli.CommandLine;

/// <summary>Reads <c>--dry-run</c>.</summary>
internal static class DryRuns
{
    /// <summary><c>none</c>, <c>client</c> or <c>server</c>.</summary>
    public static string Parse(string? option) => option switch
    {
        null or "false" or "none" => "none",
        "client" or "true" => "client",
        "server" => "server",
        _ => throw new CliException($"Invalid dry-run value ({option}). Must be \"none\", \"server\", or \"client\"."),
    };

    /// <summary>What a result says of it.</summary>
    public static string Suffix(string dryRun) => dryRun switch
    {
        "client" => " (dry run)",
        "server" => " (server dry run)",
        _ => "",
    };

    /// <summary>The query parameter.</summary>
    public static (string, string?) Query(string dryRun) => ("dryRun", dryRun == "server" ? "All" : null);
}
