namespace ActorKube.Cli.Session;

/// <summary>What a user names on the command line, before anybody knows which kinds the server has.</summary>
/// <param name="Type">The word for the kind: <c>pods</c>, <c>deploy</c>, <c>deployments.apps</c>.</param>
/// <param name="Name">The object; null for all of the kind.</param>
internal readonly record struct ResourceArgument(string Type, string? Name);

/// <summary>Reads <c>pods</c>, <c>po,svc</c>, <c>deploy/web svc/web</c>, <c>pods web-1 web-2</c>.</summary>
internal static class ResourceArguments
{
    /// <summary>Reads the words. Throws where they make no sense together.</summary>
    public static IReadOnlyList<ResourceArgument> Read(IReadOnlyList<string> words, string command)
    {
        if (!words.Any(w => w.Contains('/')))
        {
            var types = words.Take(1).SelectMany(w => w.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToList();
            return words.Count == 1
                ? [.. types.Select(t => new ResourceArgument(t, null))]
                : [.. types.SelectMany(t => words.Skip(1).Select(name => new ResourceArgument(t, name)))];
        }

        return [.. words.Select(word => word.Split('/') switch
        {
            [var type, var name] when type.Length > 0 && name.Length > 0 && !type.Contains(',') => new ResourceArgument(type, name),
            [_] => throw new CliException(
                $"there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'akctl {command} resource/<resource_name>' instead of 'akctl {command} resource resource/<resource_name>'"),
            [_, _] => throw new CliException("arguments in resource/name form must have a single resource and name"),
            _ => throw new CliException("arguments in resource/name form may not have more than one slash"),
        })];
    }
}
