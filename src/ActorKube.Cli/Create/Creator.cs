using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Apply;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Create;

/// <summary>The options that all of <c>create …</c> have, and the creation itself.</summary>
internal sealed class CreateOptions
{
    private readonly Option<string?> _dryRun = Flags.DryRun();
    private readonly Option<string?> _output = ResultPrinter.Option();
    private readonly Option<bool> _save = Flags.Switch("--save-config", "Keep with the object what it was made from, as apply does");
    private readonly Option<string?> _validate = Flags.Text("--validate", "strict|warn|ignore", "What to do about fields that no object of the kind has: refuse (the default), warn, or nothing");

    /// <summary>Adds them to a command.</summary>
    public static CreateOptions AddTo(Command command)
    {
        var options = new CreateOptions();
        foreach (var option in new Option[] { options._dryRun, options._output, options._save, options._validate })
            command.Add(option);
        return options;
    }

    /// <summary>What a command line says.</summary>
    public Creator Read(ParseResult parsed, CliSession session) => new(
        session, ResultPrinter.Of(parsed.GetValue(_output), DryRuns.Parse(parsed.GetValue(_dryRun))), parsed.GetValue(_save), Validations.Parse(parsed.GetValue(_validate)));
}

/// <summary>Creates objects and says so.</summary>
internal sealed record Creator(CliSession Session, ResultPrinter Printer, bool SaveConfig, string Validation)
{
    /// <summary>Creates an object of a built-in kind.</summary>
    public Task<JsonObject> CreateAsync(string group, string resource, JsonObject value, CancellationToken cancellation, string verb = "created", string manager = "kubectl-create") =>
        CreateAsync(KindRegistry.BuiltIn.Find(group, "v1", resource)!, value, null, "", cancellation, verb, manager);

    /// <summary>Creates an object.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="value">The object.</param>
    /// <param name="ns">The namespace it says; null for the session's.</param>
    /// <param name="source">The file it comes from; empty where it comes from none.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <param name="verb">What is said of it.</param>
    /// <param name="manager">Under whose name its fields are managed.</param>
    /// <returns>The object as it is then.</returns>
    public async Task<JsonObject> CreateAsync(ResourceKind kind, JsonObject value, string? ns, string source, CancellationToken cancellation, string verb = "created", string manager = "kubectl-create")
    {
        if (kind.Namespaced && ns is null && (source.Length > 0 || Session.IsNamespaceExplicit || Printer.DryRun != "client") && value["metadata"] is JsonObject metadata)
            metadata["namespace"] = Session.Namespace;
        if (SaveConfig)
            value = LastApplied.Annotate(value);
        if (Printer.DryRun != "client")
        {
            try
            {
                value = await Session.SendAsync(
                    Session.Request("create", kind, ns: ns, query: [("fieldManager", manager), ("fieldValidation", Validation), DryRuns.Query(Printer.DryRun)]) with
                    {
                        Body = Encoding.UTF8.GetBytes(value.ToJsonString()),
                    }, cancellation);
            }
            catch (ApiException e) when (source.Length > 0 || manager == "kubectl-create")
            {
                throw source.Length > 0 ? ErrorText.With($"error when creating \"{source}\": ", e) : new CliException($"failed to create {kind.Kind.ToLowerInvariant()}: {e.Message}");
            }
        }

        Printer.Print(kind, value, verb);
        return value;
    }
}
