using ActorKube.Api.Kinds;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// A pod that gets its node gets the labels that say where the node stands, for the downward API.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podtopologylabels
/// </summary>
internal sealed class PodTopologyLabels(ResourceRegistry registry) : IAdmissionPlugin
{
    private static readonly string[] Labels = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

    /// <inheritdoc/>
    public string Name => "PodTopologyLabels";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "CREATE" && kind.ClrType == typeof(V1Pod);

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var (metadata, node) = (request.Subresource, request.Object) switch
        {
            ("binding", V1Binding { Target: { Kind: null or "" or "Node" } target } binding) => (binding.Metadata ??= new V1ObjectMeta(), target.Name),
            ("", V1Pod { Spec.NodeName: { Length: > 0 } name } pod) => (pod.Metadata, name),
            _ => (null, null),
        };
        if (metadata is null || string.IsNullOrEmpty(node))
        {
            return;
        }

        var state = await Freshness.AnyAsync(registry.Of<V1Node>(), cancellationToken).ConfigureAwait(false);
        if (state.Objects.Find(node)?.Object.Metadata.Labels is not { } labels)
        {
            return;
        }

        foreach (var label in Labels)
        {
            if (labels.TryGetValue(label, out var value))
            {
                (metadata.Labels ??= new Dictionary<string, string>())[label] = value;
            }
        }
    }
}
