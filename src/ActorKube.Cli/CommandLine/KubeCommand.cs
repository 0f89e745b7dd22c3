using System.CommandLine;

namespace ActorKube.Cli.CommandLine;

/// <summary>A command with what its help shows beside its options.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">One line: what it does.</param>
internal sealed class KubeCommand(string name, string description) : Command(name, description)
{
    /// <summary>The heading it stands under in the help of akctl itself.</summary>
    public string Group { get; init; } = "";

    /// <summary>More about it, below the description.</summary>
    public string About { get; init; } = "";

    /// <summary>What follows the name: <c>TYPE/NAME [options]</c>.</summary>
    public string Usage { get; init; } = "";

    /// <summary>Lines to learn from, each with a comment above it.</summary>
    public string Examples { get; init; } = "";

    /// <summary>Whether words after <c>--</c> are its to read.</summary>
    public bool TakesTail { get; init; }
}
