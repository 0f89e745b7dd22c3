using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;
using ActorKube.Cli.Rollout;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Describe;

/// <summary>Fetches what a description shows beside the object itself, and has it written.</summary>
/// <param name="session">The cluster.</param>
/// <param name="showEvents">Whether events are shown.</param>
internal sealed class Describer(CliSession session, bool showEvents)
{
    private static readonly ResourceKind Pods = Known("", "pods");

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>The description.</summary>
    public async Task<string> DescribeAsync(ResourceKind kind, JsonObject value, CancellationToken cancellation)
    {
        var ns = value.Text("metadata", "namespace");
        switch (kind.GroupResource)
        {
            case "pods":
                return PodDescriber.Of(value, await EventsAsync(kind, value, cancellation), Now);
            case "deployments.apps":
                return WorkloadDescribers.OfDeployment(value, await Revisions.ListAsync(session, value, cancellation), await EventsAsync(kind, value, cancellation), Now);
            case "replicasets.apps":
                return WorkloadDescribers.OfReplicaSet(value, await PodsOfAsync(value, cancellation), await EventsAsync(kind, value, cancellation), Now);
            case "daemonsets.apps":
                return SetDescribers.OfDaemonSet(value, await PodsOfAsync(value, cancellation), await EventsAsync(kind, value, cancellation), Now);
            case "statefulsets.apps":
                return SetDescribers.OfStatefulSet(value, await PodsOfAsync(value, cancellation), await EventsAsync(kind, value, cancellation), Now);
            case "services":
                var slices = await ListAsync(Known("discovery.k8s.io", "endpointslices"), ns, $"kubernetes.io/service-name={value.Text("metadata", "name")}", "", cancellation);
                return ServiceDescriber.Of(value, slices, await EventsAsync(kind, value, cancellation), Now);
            case "nodes":
                return await NodeAsync(kind, value, cancellation);
            case "namespaces":
                var name = value.Text("metadata", "name");
                return DataDescribers.OfNamespace(
                    value, await ListAsync(Known("", "resourcequotas"), name, "", "", cancellation), await ListAsync(Known("", "limitranges"), name, "", "", cancellation));
            case "serviceaccounts":
                return DataDescribers.OfServiceAccount(value, await EventsAsync(kind, value, cancellation), Now);
            case "endpointslices.discovery.k8s.io":
                return EndpointSliceDescriber.Of(value, await EventsAsync(kind, value, cancellation), Now);
            case "configmaps":
                return DataDescribers.OfConfigMap(value, await EventsAsync(kind, value, cancellation), Now);
            case "secrets":
                return DataDescribers.OfSecret(value);
            default:
                return GenericDescriber.Of(value, await EventsAsync(kind, value, cancellation), Now);
        }
    }

    private static ResourceKind Known(string group, string resource) => KindRegistry.BuiltIn.Find(group, "v1", resource)!;

    private static bool Owns(JsonObject owner, JsonObject value) => value.List("metadata", "ownerReferences").Any(o => o.IsTrue("controller") && o.Text("uid") == owner.Text("metadata", "uid"));

    private async Task<IReadOnlyList<JsonObject>> PodsOfAsync(JsonObject owner, CancellationToken cancellation) =>
        [.. (await ListAsync(Pods, owner.Text("metadata", "namespace"), DescribeText.Selector(owner.At("spec", "selector")), "", cancellation)).Where(p => Owns(owner, p))];

    private async Task<string> NodeAsync(ResourceKind kind, JsonObject node, CancellationToken cancellation)
    {
        var name = node.Text("metadata", "name");
        var lease = await session.FindAsync(session.Request("get", Known("coordination.k8s.io", "leases"), name, ns: "kube-node-lease"), cancellation);
        var pods = await ListAsync(Pods, "", "", $"spec.nodeName={name},status.phase!=Succeeded,status.phase!=Failed", cancellation);
        return NodeDescriber.Of(node, lease, pods, await EventsAsync(kind, node, cancellation), Now);
    }

    // A node's events carry its name in place of its uid, so it is looked for by kind and name alone.
    private async Task<IReadOnlyList<JsonObject>> EventsAsync(ResourceKind kind, JsonObject value, CancellationToken cancellation)
    {
        if (!showEvents)
            return [];
        var ns = value.Text("metadata", "namespace") is { Length: > 0 } own ? own : "default";
        var uid = kind.Resource == "nodes" ? "" : $",involvedObject.uid={value.Text("metadata", "uid")}";
        return await ListAsync(Known("", "events"), ns, "", $"involvedObject.kind={kind.Kind},involvedObject.name={value.Text("metadata", "name")}{uid}", cancellation);
    }

    private async Task<IReadOnlyList<JsonObject>> ListAsync(ResourceKind kind, string ns, string labels, string fields, CancellationToken cancellation) =>
        ObjectPrinter.ItemsOf(await session.SendAsync(session.Request("list", kind, ns: ns, query: [("labelSelector", labels), ("fieldSelector", fields)]), cancellation), kind);
}
