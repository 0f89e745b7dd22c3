using System.Diagnostics;
using System.Runtime.CompilerServices;
using ActorKube.Api.Kinds;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// The plugins in their order: each sees what those before it made of the object. Which of them look at a kind at all is worked out
/// once, so that a write pays only for the rules that are about it.
/// </summary>
internal sealed class AdmissionChain
{
    private readonly IAdmissionPlugin[] _plugins;
    private readonly ConditionalWeakTable<ResourceKind, ByOperation> _byKind = [];

    /// <summary>The plugins that are on.</summary>
    public AdmissionChain(IEnumerable<IAdmissionPlugin> plugins, AdmissionSettings settings) => _plugins = [.. plugins.Where(p => settings.IsOn(p.Name))];

    /// <summary>Names of the plugins that are on, in their order.</summary>
    public IEnumerable<string> Names => _plugins.Select(p => p.Name);

    /// <summary>Lets the plugins change the object.</summary>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken) =>
        RunAsync("admit", request, static (plugin, request, cancelled) => plugin.MutateAsync(request, cancelled), cancellationToken);

    /// <summary>Lets the plugins refuse.</summary>
    public ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken) =>
        RunAsync("validate", request, static (plugin, request, cancelled) => plugin.ValidateAsync(request, cancelled), cancellationToken);

    /// <summary>Both, for what is not stored itself: a binding, an eviction, a connection.</summary>
    public async ValueTask AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        await MutateAsync(request, cancellationToken).ConfigureAwait(false);
        await ValidateAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask RunAsync(
        string step, AdmissionRequest request, Func<IAdmissionPlugin, AdmissionRequest, CancellationToken, ValueTask> run, CancellationToken cancellationToken)
    {
        var plugins = For(request);
        if (plugins.Length == 0)
        {
            return;
        }

        var (started, rejected) = (Stopwatch.GetTimestamp(), true);
        try
        {
            foreach (var plugin in plugins)
            {
                await run(plugin, request, cancellationToken).ConfigureAwait(false);
            }

            rejected = false;
        }
        finally
        {
            AdmissionMetrics.Took(step, request.Operation, rejected, started);
        }
    }

    private IAdmissionPlugin[] For(AdmissionRequest request)
    {
        var known = _byKind.GetValue(request.Kind, kind => new ByOperation(kind, _plugins));
        return request.Operation switch
        {
            "CREATE" => known.Create,
            "UPDATE" => known.Update,
            "DELETE" => known.Delete,
            _ => known.Connect,
        };
    }

    private sealed class ByOperation(ResourceKind kind, IAdmissionPlugin[] plugins)
    {
        public IAdmissionPlugin[] Create { get; } = [.. plugins.Where(p => p.Handles("CREATE", kind))];

        public IAdmissionPlugin[] Update { get; } = [.. plugins.Where(p => p.Handles("UPDATE", kind))];

        public IAdmissionPlugin[] Delete { get; } = [.. plugins.Where(p => p.Handles("DELETE", kind))];

        public IAdmissionPlugin[] Connect { get; } = [.. plugins.Where(p => p.Handles("CONNECT", kind))];
    }
}
