using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>Gives pods the service account <c>default</c> when they name none. The kubelet's API credentials come with it.</summary>
internal sealed class ServiceAccountAdmission : IAdmissionPlugin
{
    private const string MirrorPod = "kubernetes.io/config.mirror";

    /// <inheritdoc/>
    public string Name => "ServiceAccount";

    /// <inheritdoc/>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Operation: "CREATE", Subresource: "", Object: V1Pod { Spec: { } spec } pod }
            && pod.Metadata.Annotations?.ContainsKey(MirrorPod) is not true
            && string.IsNullOrEmpty(spec.ServiceAccountName))
        {
            spec.ServiceAccountName = "default";
            spec.ServiceAccount = "default";
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>
/// Lets pods stay on a node that is not ready or not reachable for five minutes.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds
/// </summary>
internal sealed class DefaultTolerationSeconds : IAdmissionPlugin
{
    private const long Seconds = 300;
    private static readonly string[] Taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

    /// <inheritdoc/>
    public string Name => "DefaultTolerationSeconds";

    /// <inheritdoc/>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Operation: "CREATE", Subresource: "", Object: V1Pod { Spec: { } spec } })
        {
            foreach (var taint in Taints)
            {
                if (spec.Tolerations?.Any(t => Tolerates(t, taint)) is not true)
                {
                    spec.Tolerations = [.. spec.Tolerations ?? [], new V1Toleration { Key = taint, OperatorProperty = "Exists", Effect = "NoExecute", TolerationSeconds = Seconds }];
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    private static bool Tolerates(V1Toleration toleration, string taint) =>
        (toleration.Key == taint || string.IsNullOrEmpty(toleration.Key)) && (toleration.Effect == "NoExecute" || string.IsNullOrEmpty(toleration.Effect));
}
