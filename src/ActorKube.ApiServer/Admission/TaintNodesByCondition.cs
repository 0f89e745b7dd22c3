using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// A new node takes no pods until it has said that it is ready; the node life cycle controller then removes the taint.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#taintnodesbycondition
/// </summary>
internal sealed class TaintNodesByCondition : IAdmissionPlugin
{
    private const string NotReady = "node.kubernetes.io/not-ready";

    /// <inheritdoc/>
    public string Name => "TaintNodesByCondition";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "CREATE" && kind.ClrType == typeof(V1Node);

    /// <inheritdoc/>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "", Object: V1Node node })
        {
            node.Spec ??= new V1NodeSpec();
            if (node.Spec.Taints?.Any(t => t is { Key: NotReady, Effect: "NoSchedule" }) is not true)
            {
                node.Spec.Taints = [.. node.Spec.Taints ?? [], new V1Taint { Key = NotReady, Effect = "NoSchedule" }];
            }
        }

        return ValueTask.CompletedTask;
    }
}
