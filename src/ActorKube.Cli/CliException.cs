namespace ActorKube.Cli;

/// <summary>Something the user can mend. Printed as <c>error: …</c>.</summary>
internal class CliException(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>What the process returns.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>Whether <c>error: </c> goes before the message.</summary>
    public virtual bool HasPrefix => true;
}

/// <summary>A command that was called in a wrong way; the way to its help is printed too.</summary>
internal sealed class UsageException(string message) : CliException(message);

/// <summary>A message that stands for itself, such as <c>command terminated with exit code 3</c>; an empty one for nothing to print.</summary>
internal sealed class PlainException(string message, int exitCode = 1) : CliException(message, exitCode)
{
    public override bool HasPrefix => false;
}

/// <summary>Several things went wrong; what could be done was done.</summary>
internal sealed class SeveralException(IReadOnlyList<Exception> errors) : CliException(errors[0].Message)
{
    public IReadOnlyList<Exception> Errors { get; } = errors;

    /// <summary>Throws what was collected, if anything was.</summary>
    public static void ThrowIfAny(IReadOnlyList<Exception> errors)
    {
        if (errors.Count == 1)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(errors[0]);
        if (errors.Count > 1)
            throw new SeveralException(errors);
    }
}
