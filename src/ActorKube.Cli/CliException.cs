namespace ActorKube.Cli;

/// <summary>Something the user can mend. Its message is printed as one line, <c>error: …</c>, and the exit code is 1.</summary>
internal sealed class CliException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
