using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.Change;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Create;

/// <summary>The Service that <c>expose</c> makes of an object. Pure.</summary>
internal static class Exposures
{
    /// <summary>The labels by which the pods of an object are found. Throws <see cref="CliException"/> where there is no telling.</summary>
    public static JsonObject SelectorOf(ResourceKind kind, JsonObject value) => kind.GroupResource switch
    {
        "pods" => value["metadata"]?["labels"] is JsonObject { Count: > 0 } labels ? Copy(labels) : throw Unknown("the pod has no labels and cannot be exposed"),
        "services" or "replicationcontrollers" => value.At("spec", "selector") is JsonObject { Count: > 0 } selector ? Copy(selector) : throw Unknown($"invalid {kind.Singular}: no selectors, therefore cannot be exposed"),
        "deployments.apps" or "replicasets.apps" => value.List("spec", "selector", "matchExpressions").Count > 0
            ? throw Unknown("couldn't convert expressions - \"matchExpressions\" to map-based selector format")
            : value.At("spec", "selector", "matchLabels") is JsonObject { Count: > 0 } labels ? Copy(labels) : throw Unknown($"invalid {kind.Singular}: no selectors, therefore cannot be exposed"),
        _ => throw new CliException($"cannot expose a {kind.Kind}"),
    };

    /// <summary>The ports that the object's containers, or the Service, have: number and protocol.</summary>
    public static IReadOnlyList<(long Port, string Protocol)> PortsOf(ResourceKind kind, JsonObject value)
    {
        var ports = kind.GroupResource == "services"
            ? value.List("spec", "ports").Select(p => (p.Number("port"), p.Text("protocol")))
            : PodTemplates.ContainersOf(value, init: false).SelectMany(c => c.Container.List("ports")).Select(p => (p.Number("containerPort"), p.Text("protocol")));
        return [.. ports.Where(p => p.Item1 is not null).Select(p => (p.Item1!.Value, p.Item2.Length > 0 ? p.Item2 : "TCP"))];
    }

    /// <summary>The Service.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="selector">Labels of its pods.</param>
    /// <param name="ports">Ports and protocols.</param>
    /// <param name="target">The containers' port; null for the same.</param>
    /// <param name="type">Null for ClusterIP.</param>
    public static JsonObject Service(string name, JsonObject selector, IReadOnlyList<(long Port, string Protocol)> ports, string? target, string? type)
    {
        var service = Objects.Named("v1", "Service", name);
        var spec = new JsonObject
        {
            // Several ports of a Service need names.
            ["ports"] = new JsonArray([.. ports.Index().Select(p =>
            {
                var port = new JsonObject { ["port"] = p.Item.Port, ["protocol"] = p.Item.Protocol, ["targetPort"] = TargetPort(target, p.Item.Port) };
                if (ports.Count > 1)
                    port["name"] = $"port-{p.Index + 1}";
                return (JsonNode)port;
            })]),
            ["selector"] = selector,
        };
        if (!string.IsNullOrEmpty(type))
            spec["type"] = type;
        service["spec"] = spec;
        return service;
    }

    private static JsonNode TargetPort(string? target, long port) =>
        string.IsNullOrEmpty(target) ? port : long.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : target;

    private static JsonObject Copy(JsonObject labels) => labels.DeepClone().AsObject();

    private static CliException Unknown(string why) => new($"couldn't retrieve selectors via --selector flag or introspection: {why}");
}
