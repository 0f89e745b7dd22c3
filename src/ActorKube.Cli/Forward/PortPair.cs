using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Forward;

/// <summary>A port here and a port of the pod. Pure.</summary>
/// <param name="Local">0 for any that is free.</param>
/// <param name="Remote">The pod's.</param>
internal readonly record struct PortPair(int Local, int Remote)
{
    /// <summary>Reads <c>8080</c>, <c>8080:80</c>, <c>:80</c> and <c>8080:http</c>; a Service's port becomes the port of its pods.</summary>
    public static PortPair Parse(string text, JsonObject pod, JsonObject? service)
    {
        var parts = text.Split(':');
        if (parts.Length > 2 || parts[^1].Length == 0)
            throw new CliException($"invalid port format '{text}'");
        var remote = service is null ? PortOf(pod, parts[^1]) : TargetOf(service, pod, parts[^1]);
        // What is said once holds on both sides, and for a Service its own port holds here.
        return new PortPair(parts.Length == 1 ? Number(parts[0]) ?? remote : parts[0].Length == 0 ? 0 : Number(parts[0]) ?? throw Invalid("local", parts[0]), remote);
    }

    private static int TargetOf(JsonObject service, JsonObject pod, string port)
    {
        var number = Number(port);
        var found = service.List("spec", "ports").FirstOrDefault(p => number is { } n ? p.Number("port") == n : p.Text("name") == port)
            ?? throw new CliException($"Service {service.Text("metadata", "name")} does not have a service port {port}");
        var target = found.Text("targetPort");
        return service.Text("spec", "clusterIP") == "None" && number is { } own ? own
            : target is "" or "0" ? (int)found.Number("port")!.Value : PortOf(pod, target);
    }

    private static int PortOf(JsonObject pod, string port)
    {
        if (Number(port) is { } number)
            return number;
        if (port.All(char.IsAsciiDigit))
            throw Invalid("remote", port);
        var named = pod.List("spec", "containers").SelectMany(c => c.List("ports")).FirstOrDefault(p => p.Text("name") == port);
        return (int?)named.Number("containerPort") ?? throw new CliException($"Pod '{pod.Text("metadata", "name")}' does not have a named port '{port}'");
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65535 ? number : null;

    private static CliException Invalid(string side, string port) => new($"error parsing {side} port '{port}': it must be a number from 1 to 65535");
}
