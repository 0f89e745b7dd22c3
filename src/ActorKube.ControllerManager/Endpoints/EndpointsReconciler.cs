using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Endpoints;

/// <summary>
/// The older picture of the pods behind a Service, one Endpoints object, for clients that still read it. Deprecated since v1.33, served all the same.
/// </summary>
public static class EndpointsReconciler
{
    private const int MaxAddresses = 1000;
    private const string OverCapacity = "endpoints.kubernetes.io/over-capacity";

    /// <summary>What makes the Endpoints object show the pods.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="pods">Pods that its selector matches, in any order.</param>
    /// <param name="existing">The Endpoints object of the Service's name, or null.</param>
    public static Plan Reconcile(V1Service service, IEnumerable<V1Pod> pods, V1Endpoints? existing)
    {
        if (service.Metadata.DeletionTimestamp is not null || service.Spec.Type == "ExternalName" || service.Spec.Selector is not { Count: > 0 })
            return Plan.Nothing;
        var family = PodEndpoints.FamiliesOf(service)[0];
        var serving = pods.Where(p => p.Metadata.DeletionTimestamp is null && PodEndpoints.Serves(p) && PodEndpoints.AddressOf(p, family) is not null)
            .OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).ToList();
        var wanted = new V1Endpoints
        {
            Metadata = new V1ObjectMeta
            {
                Name = service.Metadata.Name,
                NamespaceProperty = service.Metadata.NamespaceProperty,
                Labels = new Dictionary<string, string>(service.Metadata.Labels ?? new Dictionary<string, string>()) { ["endpoints.kubernetes.io/managed-by"] = "endpoint-controller" },
                Annotations = serving.Count > MaxAddresses ? new Dictionary<string, string> { [OverCapacity] = "truncated" } : null,
            },
            // An empty list is no list: nobody ready is told by there being no subsets at all.
            Subsets = Subsets(service, serving.Take(MaxAddresses), family).ToList() is { Count: > 0 } subsets ? subsets : null,
        };
        if (service.Spec.ClusterIP == "None")
            wanted.Metadata.Labels["service.kubernetes.io/headless"] = "";

        if (existing is null)
            return Plan.Of(new Create(ApiJson.Copy(wanted)));
        if (SemanticEquality.Equal(existing.Subsets, wanted.Subsets)
            && SemanticEquality.Equal(existing.Metadata.Labels, wanted.Metadata.Labels)
            && SemanticEquality.Equal(existing.Metadata.Annotations, wanted.Metadata.Annotations))
            return Plan.Nothing;
        var changed = ApiJson.Copy(existing);
        changed.Subsets = wanted.Subsets;
        changed.Metadata.Labels = wanted.Metadata.Labels;
        changed.Metadata.Annotations = wanted.Metadata.Annotations;
        return Plan.Of(new Update(ApiJson.Copy(changed)));
    }

    private static IEnumerable<V1EndpointSubset> Subsets(V1Service service, IEnumerable<V1Pod> pods, string family) => pods
        .Select(p => (Pod: p, Ports: PodEndpoints.PortsOf(service, p)))
        .Where(p => p.Ports.Count > 0 || service.Spec.Ports is not { Count: > 0 })
        .GroupBy(p => string.Join(',', p.Ports.Select(o => $"{o.Name}/{o.Protocol}/{o.Port}")))
        .OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g =>
        {
            var ready = g.ToLookup(p => service.Spec.PublishNotReadyAddresses == true || PodFacts.IsReady(p.Pod), p => Address(p.Pod, service, family));
            return new V1EndpointSubset
            {
                Addresses = ready[true].Any() ? [.. ready[true]] : null,
                NotReadyAddresses = ready[false].Any() ? [.. ready[false]] : null,
                Ports = [.. g.First().Ports.Select(o => new Corev1EndpointPort
                {
                    Name = string.IsNullOrEmpty(o.Name) ? null : o.Name,
                    Port = o.Port ?? 0,
                    Protocol = o.Protocol,
                    AppProtocol = o.AppProtocol,
                })],
            };
        });

    private static V1EndpointAddress Address(V1Pod pod, V1Service service, string family) => new()
    {
        Ip = PodEndpoints.AddressOf(pod, family),
        NodeName = pod.Spec.NodeName,
        Hostname = PodEndpoints.HostnameOf(pod, service),
        TargetRef = PodEndpoints.TargetOf(pod),
    };
}
