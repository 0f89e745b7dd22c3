using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Pods that ask for a device tolerate the taint of the nodes that have it. Off by default.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#extendedresourcetoleration
/// </summary>
internal sealed class ExtendedResourceToleration : IAdmissionPlugin
{
    /// <inheritdoc/>
    public string Name => "ExtendedResourceToleration";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => kind.ClrType == typeof(V1Pod) && operation is "CREATE" or "UPDATE";

    /// <inheritdoc/>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "", Object: V1Pod { Spec: { } spec } })
        {
            var names = (spec.Containers ?? []).Concat(spec.InitContainers ?? []).SelectMany(c => c.Resources?.Requests?.Keys ?? [])
                .Where(n => n.Contains('/', StringComparison.Ordinal) && !n.Contains("kubernetes.io/", StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
            foreach (var name in names)
            {
                if (spec.Tolerations?.Any(t => t.Key == name && t.OperatorProperty == "Exists" && (string.IsNullOrEmpty(t.Effect) || t.Effect == "NoSchedule")) is not true)
                {
                    spec.Tolerations = [.. spec.Tolerations ?? [], new V1Toleration { Key = name, OperatorProperty = "Exists", Effect = "NoSchedule" }];
                }
            }
        }

        return ValueTask.CompletedTask;
    }
}
