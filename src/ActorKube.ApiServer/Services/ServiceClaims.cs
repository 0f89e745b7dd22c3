using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Services;

/// <summary>
/// What a Service has that no other Service may have: its addresses and node ports. The store refuses a write of a Service with one that another has, so
/// that API servers which choose at the same moment cannot choose the same.
/// </summary>
internal static class ServiceClaims
{
    /// <summary>The claims of an object as it is stored; none but for Services.</summary>
    public static IReadOnlyList<string> Of(object stored) => stored is V1Service service
        ? [.. Usage.AddressesOf(service).Select(a => $"ip/{a}"), .. Usage.PortsOf(service).Select(p => FormattableString.Invariant($"port/{p.Protocol}/{p.Port}"))]
        : [];
}

/// <summary>Another object has what this one wants; another server gave it away a moment ago. Chosen anew, the write may well succeed.</summary>
internal sealed class ClaimTakenException(string claim) : Exception($"{claim} is taken")
{
    /// <summary>What a client is told that should try again by itself.</summary>
    public ApiException AsConflict(Api.Kinds.ResourceKind kind, string name) => ApiError.Conflict(kind, name, $"{claim} has been given to another object; please try again");
}
