namespace ActorKube.Cli.CommandLine;

/// <summary>Reads <c>--validate</c>.</summary>
internal static class Validations
{
    /// <summary>As the query parameter <c>fieldValidation</c> wants it.</summary>
    public static string Parse(string? option) => option switch
    {
        null or "strict" or "true" => "Strict",
        "warn" => "Warn",
        "ignore" or "false" => "Ignore",
        _ => throw new CliException($"invalid - validate option \"{option}\"; must be one of: strict (or true), warn, ignore (or false)"),
    };
}
