using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Access;

/// <summary>The strategy of cluster roles; their names may hold colons.</summary>
internal sealed class ClusterRoleStrategy : Strategy<V1ClusterRole>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.PathSegment(name);
}
