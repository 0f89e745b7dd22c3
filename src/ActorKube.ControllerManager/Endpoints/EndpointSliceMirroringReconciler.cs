using System.Net;
using System.Net.Sockets;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Endpoints;

/// <summary>
/// Endpoints that somebody wrote by hand, for a Service without a selector, as EndpointSlices: those are all that kube-proxy reads.
/// Source: https://kubernetes.io/docs/concepts/services-networking/service/#endpointslice-mirroring
/// </summary>
public static class EndpointSliceMirroringReconciler
{
    /// <summary>This controller's name in the label that says who looks after a slice.</summary>
    public const string Manager = "endpointslicemirroring-controller.k8s.io";

    private const int MaxAddresses = 1000;
    private const string SkipMirror = "endpointslice.kubernetes.io/skip-mirror";
    private const string Leader = "control-plane.alpha.kubernetes.io/leader";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private sealed record Wanted(string AddressType, IReadOnlyList<Discoveryv1EndpointPort> Ports, List<V1Endpoint> Endpoints);

    /// <summary>What makes the slices show the Endpoints.</summary>
    /// <param name="endpoints">The Endpoints object; null when there is none.</param>
    /// <param name="service">The Service of its name; null when there is none.</param>
    /// <param name="slices">Slices that name the Service, in any order; those of other managers are left alone.</param>
    /// <param name="names">Names.</param>
    public static Plan Reconcile(V1Endpoints? endpoints, V1Service? service, IEnumerable<V1EndpointSlice> slices, NameSuffixes names)
    {
        var ours = slices.Where(s => s.Metadata.DeletionTimestamp is null && s.Metadata.Labels is { } l && l.TryGetValue(EndpointSliceReconciler.ManagedBy, out var by) && by == Manager)
            .OrderBy(s => s.Metadata.Name, StringComparer.Ordinal).ToList();
        if (!IsMirrored(endpoints, service))
            return new Plan([.. ours.Select(s => new Delete(s))]);
        var actions = new List<PlannedAction>();
        foreach (var wanted in Group(endpoints!))
        {
            var slice = New(endpoints!, wanted, names);
            if (ours.FirstOrDefault(s => s.AddressType == wanted.AddressType && SemanticEquality.Equal(s.Ports, slice.Ports)) is not { } existing)
            {
                actions.Add(new Create(slice));
                continue;
            }

            ours.Remove(existing);
            if (SemanticEquality.Equal(existing.Endpoints, slice.Endpoints) && SemanticEquality.Equal(existing.Metadata.Labels, slice.Metadata.Labels)
                && SemanticEquality.Equal(existing.Metadata.Annotations, slice.Metadata.Annotations))
                continue;
            var changed = ApiJson.Copy(existing);
            (changed.Endpoints, changed.Metadata.Labels, changed.Metadata.Annotations) = (slice.Endpoints, slice.Metadata.Labels, slice.Metadata.Annotations);
            actions.Add(new Update(changed));
        }

        actions.AddRange(ours.Select(s => new Delete(s)));
        return new Plan(actions);
    }

    private static bool IsMirrored(V1Endpoints? endpoints, V1Service? service) =>
        endpoints is { Metadata.DeletionTimestamp: null }
        && service is { Metadata.DeletionTimestamp: null, Spec.Selector: null or { Count: 0 } }
        && (endpoints.Metadata.Labels is not { } labels || !labels.TryGetValue(SkipMirror, out var skip) || skip != "true")
        && endpoints.Metadata.Annotations?.ContainsKey(Leader) != true;

    private static IEnumerable<Wanted> Group(V1Endpoints endpoints)
    {
        foreach (var subset in endpoints.Subsets ?? [])
        {
            List<Discoveryv1EndpointPort> ports =
            [
                .. (subset.Ports ?? []).Select(p => new Discoveryv1EndpointPort { Name = p.Name ?? "", Port = p.Port, Protocol = p.Protocol ?? "TCP", AppProtocol = p.AppProtocol }),
            ];
            var addresses = (subset.Addresses ?? []).Select(a => (Address: a, Ready: true)).Concat((subset.NotReadyAddresses ?? []).Select(a => (Address: a, Ready: false))).Take(MaxAddresses);
            foreach (var family in addresses.Where(a => IPAddress.TryParse(a.Address.Ip, out _))
                .GroupBy(a => PodEndpoints.FamilyOf(a.Address.Ip)).OrderBy(g => g.Key, StringComparer.Ordinal))
                yield return new Wanted(family.Key, ports, [.. family.Select(a => Endpoint(a.Address, a.Ready))]);
        }
    }

    private static V1Endpoint Endpoint(V1EndpointAddress address, bool ready) => new()
    {
        Addresses = [address.Ip],
        Conditions = new V1EndpointConditions { Ready = ready },
        Hostname = string.IsNullOrEmpty(address.Hostname) ? null : address.Hostname,
        NodeName = string.IsNullOrEmpty(address.NodeName) ? null : address.NodeName,
        TargetRef = address.TargetRef,
    };

    private static V1EndpointSlice New(V1Endpoints endpoints, Wanted wanted, NameSuffixes names) => ApiJson.Copy(new V1EndpointSlice
    {
        ApiVersion = "discovery.k8s.io/v1",
        Kind = "EndpointSlice",
        Metadata = new V1ObjectMeta
        {
            GenerateName = $"{endpoints.Metadata.Name}-",
            Name = names.Name($"{endpoints.Metadata.Name}-"),
            NamespaceProperty = endpoints.Metadata.NamespaceProperty,
            Labels = new Dictionary<string, string>(endpoints.Metadata.Labels ?? new Dictionary<string, string>())
            {
                [EndpointSliceReconciler.ServiceName] = endpoints.Metadata.Name,
                [EndpointSliceReconciler.ManagedBy] = Manager,
            },
            Annotations = (endpoints.Metadata.Annotations ?? new Dictionary<string, string>())
                .Where(a => a.Key is not (LastApplied or "endpoints.kubernetes.io/last-change-trigger-time")).ToDictionary(a => a.Key, a => a.Value) is { Count: > 0 } annotations ? annotations : null,
            OwnerReferences = [Ownership.Reference(endpoints)],
        },
        AddressType = wanted.AddressType,
        Ports = [.. wanted.Ports],
        Endpoints = wanted.Endpoints,
    });
}
