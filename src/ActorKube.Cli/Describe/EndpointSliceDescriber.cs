using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>An EndpointSlice for people to read.</summary>
internal static class EndpointSliceDescriber
{
    public static string Of(JsonObject slice, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        text.Field(0, "Name", slice.Text("metadata", "name")).Field(0, "Namespace", slice.Text("metadata", "namespace"));
        text.Labels(0, "Labels", slice.Map("metadata", "labels")).Annotations(slice);
        text.Field(0, "AddressType", slice.Text("addressType"));
        var ports = slice.List("ports");
        if (ports.Count == 0)
            text.Field(0, "Ports", "<unset>");
        else
            text.Line(0, "Ports:").Line(1, "Name\tPort\tProtocol").Line(1, "----\t----\t--------");
        foreach (var port in ports)
            text.Line(1, $"{OrUnset(port.Text("name"))}\t{OrUnset(port.Text("port"))}\t{port.Text("protocol")}");
        var endpoints = slice.List("endpoints");
        text.Line(0, endpoints.Count == 0 ? "Endpoints:\t<none>" : "Endpoints:");
        foreach (var endpoint in endpoints)
            Endpoint(text, endpoint);
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    private static void Endpoint(DescribeText text, JsonNode endpoint)
    {
        text.Line(1, $"- Addresses:\t{string.Join(", ", endpoint.List("addresses").Select(a => a.Text()))}");
        text.Line(2, "Conditions:").Field(3, "Ready", OrUnset(endpoint.Text("conditions", "ready")));
        text.Field(2, "Hostname", OrUnset(endpoint.Text("hostname")));
        if (endpoint.At("targetRef") is { } target)
            text.Field(2, "TargetRef", $"{target.Text("kind")}/{target.Text("name")}");
        text.Field(2, "NodeName", OrUnset(endpoint.Text("nodeName"))).Field(2, "Zone", OrUnset(endpoint.Text("zone")));
    }

    private static string OrUnset(string text) => text.Length == 0 ? "<unset>" : text;
}
