using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Lets pods stay for a while on a node that is not ready or not reachable.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds
/// </summary>
internal sealed class DefaultTolerationSeconds(AdmissionSettings settings) : IAdmissionPlugin
{
    private readonly (string Taint, long Seconds)[] _tolerations =
        [("node.kubernetes.io/not-ready", settings.NotReadyTolerationSeconds), ("node.kubernetes.io/unreachable", settings.UnreachableTolerationSeconds)];

    /// <inheritdoc/>
    public string Name => "DefaultTolerationSeconds";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => kind.ClrType == typeof(V1Pod) && operation is "CREATE" or "UPDATE";

    /// <inheritdoc/>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "", Object: V1Pod { Spec: { } spec } })
        {
            foreach (var (taint, seconds) in _tolerations)
            {
                if (spec.Tolerations?.Any(t => Tolerates(t, taint)) is not true)
                {
                    spec.Tolerations = [.. spec.Tolerations ?? [], new V1Toleration { Key = taint, OperatorProperty = "Exists", Effect = "NoExecute", TolerationSeconds = seconds }];
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    private static bool Tolerates(V1Toleration toleration, string taint) =>
        (toleration.Key == taint || string.IsNullOrEmpty(toleration.Key)) && (toleration.Effect == "NoExecute" || string.IsNullOrEmpty(toleration.Effect));
}
