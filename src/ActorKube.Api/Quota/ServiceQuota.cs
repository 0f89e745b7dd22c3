using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Quota;

/// <summary>Services: their number, how many are load balancers, and how many node ports they take.</summary>
internal sealed class ServiceQuota() : QuotaEvaluator("services")
{
    /// <summary>The one instance.</summary>
    public static ServiceQuota Instance { get; } = new();

    /// <inheritdoc/>
    public override bool Handles(string operation, string subresource, object value, object? old) =>
        subresource.Length == 0 && operation is "CREATE" or "UPDATE";

    /// <inheritdoc/>
    public override bool Counts(string name) => name is "count/services" or "services" or "services.nodeports" or "services.loadbalancers";

    /// <inheritdoc/>
    public override Dictionary<string, Quantity> Usage(object value, DateTimeOffset now)
    {
        var spec = ((V1Service)value).Spec;
        var ports = spec?.Ports ?? [];
        var nodePorts = spec switch
        {
            { Type: "NodePort" } => ports.Count,
            { Type: "LoadBalancer", AllocateLoadBalancerNodePorts: false } => ports.Count(p => p.NodePort is > 0),
            { Type: "LoadBalancer" } => ports.Count,
            _ => 0,
        };
        return new Dictionary<string, Quantity>(StringComparer.Ordinal)
        {
            [CountName] = Quantity.Of(1),
            ["services"] = Quantity.Of(1),
            ["services.nodeports"] = Quantity.Of(nodePorts),
            ["services.loadbalancers"] = Quantity.Of(spec?.Type == "LoadBalancer" ? 1 : 0),
        };
    }
}
