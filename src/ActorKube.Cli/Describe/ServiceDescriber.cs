using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>A Service for people to read.</summary>
internal static class ServiceDescriber
{
    private const int MaxEndpoints = 3;

    /// <param name="service">The Service.</param>
    /// <param name="slices">Its EndpointSlices.</param>
    /// <param name="events">The events about it.</param>
    /// <param name="now">Now.</param>
    public static string Of(JsonObject service, IReadOnlyList<JsonObject> slices, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        var spec = service.At("spec");
        text.Field(0, "Name", service.Text("metadata", "name")).Field(0, "Namespace", service.Text("metadata", "namespace"));
        text.Labels(0, "Labels", service.Map("metadata", "labels")).Annotations(service);
        text.Field(0, "Selector", DescribeText.Pairs(spec.Map("selector"))).Field(0, "Type", spec.Text("type"));
        text.Optional(0, "IP Family Policy", spec.Text("ipFamilyPolicy")).Field(0, "IP Families", Join(spec, "ipFamilies"));
        text.Field(0, "IP", spec.Text("clusterIP")).Field(0, "IPs", Join(spec, "clusterIPs"));
        if (spec.List("externalIPs").Count > 0)
            text.Field(0, "External IPs", Join(spec, "externalIPs"));
        text.Optional(0, "Desired LoadBalancer IP", spec.Text("loadBalancerIP"));
        text.Optional(0, "LoadBalancer Ingress", string.Join(", ", service.List("status", "loadBalancer", "ingress").Select(i => i.Text("ip") is { Length: > 0 } ip ? ip : i.Text("hostname"))));
        text.Optional(0, "External Name", spec.Text("externalName"));
        foreach (var port in spec.List("ports"))
            Port(text, port, slices);
        text.Field(0, "Session Affinity", spec.Text("sessionAffinity")).Optional(0, "External Traffic Policy", spec.Text("externalTrafficPolicy"));
        text.Optional(0, "Internal Traffic Policy", spec.Text("internalTrafficPolicy")).Optional(0, "Traffic Distribution", spec.Text("trafficDistribution"));
        if (spec.Number("healthCheckNodePort") > 0)
            text.Field(0, "HealthCheck NodePort", spec.Text("healthCheckNodePort"));
        if (spec.List("loadBalancerSourceRanges").Count > 0)
            text.Field(0, "LoadBalancer Source Ranges", Join(spec, "loadBalancerSourceRanges"));
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    private static void Port(DescribeText text, JsonNode port, IReadOnlyList<JsonObject> slices)
    {
        var (name, protocol) = (port.Text("name"), port.Text("protocol"));
        var shown = name.Length == 0 ? "<unset>" : name;
        text.Field(0, "Port", $"{shown}\t{port.Text("port")}/{protocol}").Field(0, "TargetPort", $"{port.Text("targetPort")}/{protocol}");
        if (port.Number("nodePort") > 0)
            text.Field(0, "NodePort", $"{shown}\t{port.Text("nodePort")}/{protocol}");
        text.Field(0, "Endpoints", Endpoints(slices, name));
    }

    /// <summary>The first addresses that are ready, and how many more there are.</summary>
    public static string Endpoints(IReadOnlyList<JsonObject> slices, string portName)
    {
        if (slices.Count == 0)
            return "<none>";
        var all = slices.SelectMany(slice =>
        {
            var ready = slice.List("endpoints").Where(e => e.Text("conditions", "ready") != "false").Select(e => e.List("addresses").Select(a => a.Text()).FirstOrDefault("")).ToList();
            return slice.List("ports") is { Count: > 0 } ports
                ? ports.Where(p => p.Text("name") == portName).SelectMany(p => ready.Select(a => $"{(a.Contains(':') ? $"[{a}]" : a)}:{p.Text("port")}"))
                : ready;
        }).ToList();
        var first = string.Join(',', all.Take(MaxEndpoints));
        return all.Count > MaxEndpoints ? $"{first} + {all.Count - MaxEndpoints} more..." : first;
    }

    private static string Join(JsonNode? spec, string field) => DescribeText.OrNone(string.Join(',', spec.List(field).Select(i => i.Text())));
}
