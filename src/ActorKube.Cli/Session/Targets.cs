using System.CommandLine;
using ActorKube.Api.Kinds;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Manifests;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Session;

/// <summary>One object to act on.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace; null for the session's.</param>
internal sealed record Target(ResourceKind Kind, string Name, string? Namespace)
{
    /// <inheritdoc/>
    public override string ToString() => new ResourceName(Kind, Name).ToString();
}

/// <summary>The ways to say which objects a command acts on: by name, by label, all of a kind, or by the manifests they were made from.</summary>
internal sealed class TargetOptions
{
    private readonly Argument<string[]> _resources = new("resources") { Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string[]> _files;
    private readonly Option<bool> _recursive = Flags.Recursive();
    private readonly Option<string?> _selector = Flags.Selector();
    private readonly Option<string?> _fields = Flags.FieldSelector();
    private readonly Option<bool> _all;
    private readonly Option<bool> _allNamespaces = Flags.AllNamespaces();

    private TargetOptions(string verb)
    {
        _files = Flags.Filename(verb);
        _all = Flags.Switch("--all", $"All objects of the kind in the namespace: {verb} each of them");
    }

    /// <summary>Adds the arguments and options to a command.</summary>
    public static TargetOptions AddTo(Command command, string verb)
    {
        var options = new TargetOptions(verb);
        command.Add(options._resources);
        foreach (var option in new Option[] { options._files, options._recursive, options._selector, options._fields, options._all, options._allNamespaces })
            command.Add(option);
        return options;
    }

    /// <summary>Whether the objects are not named one by one, so that none of them is an answer too.</summary>
    public bool IsSearch(ParseResult parsed) => parsed.GetValue(_selector) is not null || parsed.GetValue(_fields) is not null || parsed.GetValue(_all);

    /// <summary>The words that name objects.</summary>
    public string[] Words(ParseResult parsed) => parsed.GetValue(_resources)!;

    /// <summary>The objects. <paramref name="missing"/> is the error when nothing was said at all.</summary>
    public Task<IReadOnlyList<Target>> ReadAsync(CliSession session, ParseResult parsed, string missing, CancellationToken cancellation) =>
        ReadAsync(session, parsed, Words(parsed), missing, cancellation);

    /// <summary>The same where only some of the words name objects.</summary>
    public async Task<IReadOnlyList<Target>> ReadAsync(CliSession session, ParseResult parsed, string[] words, string missing, CancellationToken cancellation)
    {
        if (parsed.GetValue(_files) is { Length: > 0 } files)
            return [.. (await ManifestReader.ReadAsync(session, files, parsed.GetValue(_recursive), cancellation)).Select(m => new Target(m.Kind, m.Name, m.Namespace))];
        if (words.Length == 0)
            throw new CliException(missing);
        var names = await session.Kinds.ResolveAsync(ResourceArguments.Read(words, parsed.CommandResult.Command.Name), cancellation);
        if (parsed.GetValue(_all) && parsed.GetValue(_selector) is not null)
            throw new CliException("setting 'all' parameter but found a non empty selector.");
        if (names.All(n => n.Name is not null))
        {
            if (IsSearch(parsed))
                throw new CliException("name cannot be provided when a selector is specified");
            if (parsed.GetValue(_allNamespaces))
                throw new CliException("a resource cannot be retrieved by name across all namespaces");
            return [.. names.Select(n => new Target(n.Kind, n.Name!, null))];
        }

        if (!IsSearch(parsed))
            throw new CliException("resource(s) were provided, but no name was specified");
        var targets = new List<Target>();
        foreach (var name in names)
        {
            var list = await session.ListAsync(name.Kind, parsed.GetValue(_allNamespaces) ? "" : null, parsed.GetValue(_selector), parsed.GetValue(_fields), cancellation);
            targets.AddRange(ObjectPrinter.ItemsOf(list, name.Kind)
                .Select(o => new Target(name.Kind, o.Text("metadata", "name"), o.Text("metadata", "namespace"))));
        }

        return targets;
    }
}
