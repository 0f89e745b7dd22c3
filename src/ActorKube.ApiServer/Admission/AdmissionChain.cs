namespace ActorKube.ApiServer.Admission;

/// <summary>The plugins in their order: each sees what those before it made of the object.</summary>
internal sealed class AdmissionChain(IEnumerable<IAdmissionPlugin> plugins, IReadOnlyList<string> disabled)
{
    private readonly IAdmissionPlugin[] _plugins = [.. plugins.Where(p => !disabled.Contains(p.Name))];

    /// <summary>Lets the plugins change the object.</summary>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        foreach (var plugin in _plugins)
        {
            await plugin.MutateAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Lets the plugins refuse.</summary>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        foreach (var plugin in _plugins)
        {
            await plugin.ValidateAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }
}
