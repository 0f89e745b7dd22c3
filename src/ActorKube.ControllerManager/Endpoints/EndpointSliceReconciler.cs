using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Endpoints;

/// <summary>
/// The pods behind a Service as EndpointSlices: by address family and set of ports, at most a hundred endpoints each.
/// Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
/// </summary>
public static class EndpointSliceReconciler
{
    /// <summary>As many endpoints a slice holds at most.</summary>
    public const int MaxEndpoints = 100;

    /// <summary>The label that names a slice's Service.</summary>
    public const string ServiceName = "kubernetes.io/service-name";

    /// <summary>The label that names who looks after a slice.</summary>
    public const string ManagedBy = "endpointslice.kubernetes.io/managed-by";

    /// <summary>This controller's name in <see cref="ManagedBy"/>.</summary>
    public const string Manager = "endpointslice-controller.k8s.io";

    private const string Headless = "service.kubernetes.io/headless";

    private sealed record Wanted(string AddressType, IReadOnlyList<Discoveryv1EndpointPort> Ports, List<V1Endpoint> Endpoints);

    /// <summary>What makes the slices show the pods.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="pods">Pods of its namespace that its selector matches, in any order.</param>
    /// <param name="slices">Slices that name the Service, in any order; those of other managers are left alone.</param>
    /// <param name="zoneOf">The zone of a node, or null.</param>
    /// <param name="context">Names.</param>
    public static Plan Reconcile(V1Service service, IEnumerable<V1Pod> pods, IEnumerable<V1EndpointSlice> slices, Func<string, string?> zoneOf, ReconcileContext context)
    {
        if (service.Metadata.DeletionTimestamp is not null || service.Spec.Type == "ExternalName" || service.Spec.Selector is not { Count: > 0 })
            return Plan.Nothing;
        var ours = slices.Where(s => s.Metadata.DeletionTimestamp is null && s.Metadata.Labels is { } l && l.TryGetValue(ManagedBy, out var by) && by == Manager)
            .OrderBy(s => s.Metadata.Name, StringComparer.Ordinal).ToList();
        var actions = new List<PlannedAction>();
        foreach (var wanted in Group(service, pods, zoneOf))
        {
            var existing = ours.Where(s => s.AddressType == wanted.AddressType && SamePorts(s.Ports, wanted.Ports)).ToList();
            ours.RemoveAll(existing.Contains);
            actions.AddRange(Fill(service, wanted, existing, context));
        }

        actions.AddRange(ours.Select(s => new Delete(s)));
        return new Plan(actions);
    }

    private static List<Wanted> Group(V1Service service, IEnumerable<V1Pod> pods, Func<string, string?> zoneOf)
    {
        var groups = new Dictionary<string, Wanted>(StringComparer.Ordinal);
        // A Service shows one slice in each family though it has no pods.
        foreach (var family in PodEndpoints.FamiliesOf(service))
            groups[family] = new Wanted(family, [], []);
        foreach (var pod in pods.Where(PodEndpoints.Serves).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal))
        {
            var ports = PodEndpoints.PortsOf(service, pod);
            foreach (var family in PodEndpoints.FamiliesOf(service))
            {
                if (PodEndpoints.AddressOf(pod, family) is not { } address)
                    continue;
                var key = ports.Count == 0 ? family : $"{family} {string.Join(',', ports.Select(p => $"{p.Name}/{p.Protocol}/{p.Port}/{p.AppProtocol}"))}";
                if (!groups.TryGetValue(key, out var group))
                    groups[key] = group = new Wanted(family, ports, []);
                group.Endpoints.Add(PodEndpoints.Of(pod, address, service, string.IsNullOrEmpty(pod.Spec.NodeName) ? null : zoneOf(pod.Spec.NodeName)));
            }
        }

        // The placeholder of a family is not needed once the family has a real slice.
        return [.. groups.Values.Where(g => g.Endpoints.Count > 0 || groups.Values.All(o => ReferenceEquals(o, g) || o.AddressType != g.AddressType)).OrderBy(g => g.AddressType, StringComparer.Ordinal)];
    }

    // Endpoints stay in the slice they are in, so that a change of one pod rewrites one slice; new ones fill gaps before new slices are made.
    private static IEnumerable<PlannedAction> Fill(V1Service service, Wanted wanted, List<V1EndpointSlice> existing, ReconcileContext context)
    {
        var missing = wanted.Endpoints.ToDictionary(e => e.TargetRef.Uid);
        var kept = new List<(V1EndpointSlice Slice, List<V1Endpoint> Endpoints)>();
        foreach (var slice in existing)
        {
            var stay = new List<V1Endpoint>();
            foreach (var old in slice.Endpoints ?? [])
            {
                if (old.TargetRef?.Uid is { } uid && missing.Remove(uid, out var endpoint))
                    stay.Add(endpoint);
            }

            kept.Add((slice, stay));
        }

        var rest = new Queue<V1Endpoint>(wanted.Endpoints.Where(e => missing.ContainsKey(e.TargetRef.Uid)));
        foreach (var (_, endpoints) in kept)
        {
            while (endpoints.Count < MaxEndpoints && rest.Count > 0)
                endpoints.Add(rest.Dequeue());
        }

        var labels = LabelsOf(service);
        var needed = kept.Count(k => k.Endpoints.Count > 0);
        foreach (var (slice, endpoints) in kept)
        {
            // The last slice of a family stays, though empty, unless there are others.
            if (endpoints.Count == 0 && (needed > 0 || rest.Count > 0 || !ReferenceEquals(slice, existing[0])))
            {
                yield return new Delete(slice);
                continue;
            }

            if (SemanticEquality.Equal(slice.Endpoints, endpoints) && SemanticEquality.Equal(slice.Metadata.Labels, labels))
                continue;
            var changed = ApiJson.Copy(slice);
            changed.Endpoints = endpoints;
            changed.Metadata.Labels = labels;
            yield return new Update(ApiJson.Copy(changed));
        }

        if (kept.Count == 0 && rest.Count == 0)
            yield return new Create(New(service, wanted, [], labels, context.Names));
        while (rest.Count > 0)
        {
            var endpoints = new List<V1Endpoint>();
            while (endpoints.Count < MaxEndpoints && rest.Count > 0)
                endpoints.Add(rest.Dequeue());
            yield return new Create(New(service, wanted, endpoints, labels, context.Names));
        }
    }

    private static V1EndpointSlice New(V1Service service, Wanted wanted, List<V1Endpoint> endpoints, Dictionary<string, string> labels, NameSuffixes names) => ApiJson.Copy(new V1EndpointSlice
    {
        ApiVersion = "discovery.k8s.io/v1",
        Kind = "EndpointSlice",
        Metadata = new V1ObjectMeta
        {
            GenerateName = $"{service.Metadata.Name}-",
            Name = names.Name($"{service.Metadata.Name}-"),
            NamespaceProperty = service.Metadata.NamespaceProperty,
            Labels = labels,
            OwnerReferences = [Ownership.Reference(service)],
        },
        AddressType = wanted.AddressType,
        Ports = [.. wanted.Ports],
        Endpoints = endpoints,
    });

    private static Dictionary<string, string> LabelsOf(V1Service service)
    {
        var labels = new Dictionary<string, string>(service.Metadata.Labels ?? new Dictionary<string, string>());
        labels.Remove(Headless);
        labels[ServiceName] = service.Metadata.Name;
        labels[ManagedBy] = Manager;
        if (service.Spec.ClusterIP == "None")
            labels[Headless] = "";
        return labels;
    }

    private static bool SamePorts(IList<Discoveryv1EndpointPort>? left, IReadOnlyList<Discoveryv1EndpointPort> right) =>
        (left ?? []).Select(Text).Order(StringComparer.Ordinal).SequenceEqual(right.Select(Text).Order(StringComparer.Ordinal));

    private static string Text(Discoveryv1EndpointPort port) => $"{port.Name}/{port.Protocol ?? "TCP"}/{port.Port}/{port.AppProtocol}";
}
