using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.Patches;
using ActorKube.Cli.Manifests;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Apply;

/// <summary>What became of an object.</summary>
/// <param name="Verb"><c>created</c>, <c>configured</c> or <c>unchanged</c>.</param>
/// <param name="Object">The object as the server has it now.</param>
internal sealed record Applied(string Verb, JsonObject Object);

/// <summary>Makes one object of the cluster what a manifest says.</summary>
/// <param name="Session">The cluster.</param>
/// <param name="Validation"><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>.</param>
/// <param name="DryRun"><c>none</c>, <c>client</c> or <c>server</c>.</param>
internal sealed record Applier(CliSession Session, string Validation, string DryRun)
{
    private const int Attempts = 5;

    private (string, string?)[] Query =>
        [("fieldManager", "kubectl-client-side-apply"), ("fieldValidation", Validation), ("dryRun", DryRun == "server" ? "All" : null)];

    public async Task<Applied> ApplyAsync(Manifest manifest, CancellationToken cancellation)
    {
        if (manifest.Kind.Namespaced && manifest.Namespace is null && manifest.Json["metadata"] is JsonObject metadata)
            metadata["namespace"] = Session.Namespace;
        if (manifest.Name.Length == 0)
        {
            var generate = manifest.Json.Text("metadata", "generateName");
            throw new CliException(generate.Length > 0
                ? $"from {generate}: cannot use generate name with apply"
                : $"error when retrieving current configuration of:\n{Describe(manifest)}\nfrom server for: \"{manifest.Source}\": resource name may not be empty");
        }

        var modified = LastApplied.Annotate(manifest.Json);
        for (var attempt = 1; ; attempt++)
        {
            var current = await Session.FindAsync(Session.Request("get", manifest.Kind, manifest.Name, ns: manifest.Namespace), cancellation);
            try
            {
                return current is null ? await CreateAsync(manifest, modified, cancellation) : await PatchAsync(manifest, modified, current, cancellation);
            }
            catch (ApiException e) when (e.IsConflict && attempt < Attempts)
            {
                // Somebody else changed it between the look and the patch: look again.
            }
        }
    }

    /// <summary>Leaves the merging to the server, which keeps account of who set which field.</summary>
    public async Task<Applied> ApplyOnServerAsync(Manifest manifest, string manager, bool force, CancellationToken cancellation)
    {
        if (manifest.Name.Length == 0)
            throw new CliException("resource name may not be empty");
        if (DryRun == "client")
            throw new CliException("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
        if (manifest.Kind.Namespaced && manifest.Namespace is null && manifest.Json["metadata"] is JsonObject metadata)
            metadata["namespace"] = Session.Namespace;
        var request = Session.Request("patch", manifest.Kind, manifest.Name, ns: manifest.Namespace, query:
            [("fieldManager", manager), ("force", force ? "true" : null), ("fieldValidation", Validation), ("dryRun", DryRun == "server" ? "All" : null)]) with
        {
            ContentType = "application/apply-patch+yaml",
            Body = Utf8(manifest.Json),
        };
        try
        {
            return new Applied("serverside-applied", await Session.SendAsync(request, cancellation));
        }
        catch (ApiException e) when (e.IsConflict)
        {
            throw new CliException(
                $"{e.Message}\nOthers manage these fields. Apply with --force-conflicts to take them over, or leave them out of the manifest, or give them the value\nthey have to share them: https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts");
        }
    }

    private async Task<Applied> CreateAsync(Manifest manifest, JsonObject modified, CancellationToken cancellation)
    {
        if (DryRun == "client")
            return new Applied("created", modified);
        try
        {
            var request = Session.Request("create", manifest.Kind, ns: manifest.Namespace, query: Query) with { Body = Utf8(modified) };
            return new Applied("created", await Session.SendAsync(request, cancellation));
        }
        catch (ApiException e)
        {
            throw ErrorText.With($"error when creating \"{manifest.Source}\": ", e);
        }
    }

    private async Task<Applied> PatchAsync(Manifest manifest, JsonObject modified, JsonObject current, CancellationToken cancellation)
    {
        if (current.Text("metadata", "annotations", LastApplied.Key).Length == 0)
            await Console.Error.WriteLineAsync(
                $"Warning: resource {manifest.Kind.Resource}/{manifest.Name} is missing the {LastApplied.Key} annotation which is required by akctl apply. akctl apply should only be used on resources created by kubectl or akctl apply, or by kubectl create --save-config. The missing annotation will be patched automatically.");
        var type = manifest.Kind.ClrType;
        // Without a model class nobody knows how lists merge: they are replaced.
        var patch = ThreeWayMergePatch.Create(LastApplied.Of(current), modified, current, type ?? typeof(IDictionary<string, object>));
        if (patch.Count == 0)
            return new Applied("unchanged", current);
        if (DryRun == "client")
            return new Applied("configured", modified);
        try
        {
            var request = Session.Request("patch", manifest.Kind, manifest.Name, ns: manifest.Namespace, query: Query) with
            {
                ContentType = type is null ? "application/merge-patch+json" : "application/strategic-merge-patch+json",
                Body = Utf8(patch),
            };
            return new Applied("configured", await Session.SendAsync(request, cancellation));
        }
        catch (ApiException e) when (!e.IsConflict && !string.IsNullOrEmpty(e.Status.Details?.Name ?? "-"))
        {
            throw ErrorText.With(
                $"error when applying patch:\n{JsonText.Compact(patch)}\nto:\n{Describe(manifest)}\nfor: \"{manifest.Source}\": error when patching \"{manifest.Source}\": ", e);
        }
    }

    private static string Describe(Manifest manifest)
    {
        var (kind, version) = (manifest.Kind, manifest.Kind.Group + "/" + manifest.Kind.Version);
        return $"Resource: \"{version}, Resource={kind.Resource}\", GroupVersionKind: \"{version}, Kind={kind.Kind}\"\nName: \"{manifest.Name}\", Namespace: \"{manifest.Namespace}\"";
    }

    private static byte[] Utf8(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());
}
