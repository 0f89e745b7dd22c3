using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Access;

/// <summary>The strategy of roles; their names may hold colons.</summary>
internal sealed class RoleStrategy : Strategy<V1Role>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.PathSegment(name);
}
