using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>The containers of a pod, or of a template of pods.</summary>
/// <param name="text">Where to.</param>
/// <param name="pod">The pod, whose statuses and fields are shown with its containers; null for a template.</param>
internal sealed class ContainerLines(DescribeText text, JsonNode? pod)
{
    private readonly string _space = pod is null ? "  " : "";

    /// <summary>Containers under a title.</summary>
    public void Write(string title, IReadOnlyList<JsonNode> containers, IReadOnlyList<JsonNode> statuses)
    {
        text.Line(0, $"{_space}{title}:{(containers.Count == 0 ? " <none>" : "")}");
        foreach (var container in containers)
            Container(container, statuses.FirstOrDefault(s => s.Text("name") == container.Text("name")));
    }

    private void Container(JsonNode container, JsonNode? status)
    {
        text.Line(1, $"{(_space.Length > 0 ? " " : "")}{container.Text("name")}:");
        if (status is not null)
            text.Field(2, "Container ID", status.Text("containerID"));
        text.Field(2, "Image", container.Text("image"));
        if (status is not null)
            text.Field(2, "Image ID", status.Text("imageID"));
        Ports(container, "Port", p => p.Text("containerPort"));
        Ports(container, "Host Port", p => p.Number("hostPort") is { } port ? $"{port}" : "0");
        Seccomp(text, 2, container);
        Words("Command", container.List("command"));
        Words("Args", container.List("args"));
        if (status is not null)
            States(status);
        Resources(text, 2, container);
        foreach (var (name, field) in new[] { ("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe") })
        {
            if (container.At(field) is { } probe)
                text.Field(2, name, Probe(probe));
        }

        EnvironmentFrom(container);
        Environment(container);
        Mounts(container);
    }

    /// <summary>Limits and requests.</summary>
    public static void Resources(DescribeText text, int level, JsonNode? container)
    {
        foreach (var (title, field) in new[] { ("Limits", "limits"), ("Requests", "requests") })
        {
            var list = container.Map("resources", field);
            if (list.Count > 0)
                text.Line(level, $"{title}:");
            foreach (var (name, quantity) in list)
                text.Field(level + 1, name, quantity.Text());
        }
    }

    /// <summary>The seccomp profile, where one is set.</summary>
    public static void Seccomp(DescribeText text, int level, JsonNode? node)
    {
        if (node.At("securityContext", "seccompProfile") is not { } profile)
            return;
        text.Field(level, "SeccompProfile", profile.Text("type"));
        text.Optional(level, "LocalhostProfile", profile.Text("localhostProfile"));
    }

    private void Ports(JsonNode container, string title, Func<JsonNode, string> number)
    {
        var ports = container.List("ports").Select(p => $"{number(p)}/{(p.Text("protocol") is { Length: > 0 } protocol ? protocol : "TCP")}").ToList();
        text.Field(2, ports.Count > 1 ? title + "s" : title, DescribeText.OrNone(string.Join(", ", ports)));
    }

    private void Words(string title, IReadOnlyList<JsonNode> words)
    {
        if (words.Count == 0)
            return;
        text.Line(2, $"{title}:");
        foreach (var line in words.SelectMany(w => w.Text().Split('\n')))
            text.Line(3, line);
    }

    private void States(JsonNode status)
    {
        State("State", status.At("state"));
        if (status.At("lastState", "terminated") is not null)
            State("Last State", status.At("lastState"));
        text.Field(2, "Ready", status.IsTrue("ready") ? "True" : "False");
        text.Field(2, "Restart Count", status.Text("restartCount") is { Length: > 0 } count ? count : "0");
    }

    private void State(string title, JsonNode? state)
    {
        if (state.At("running") is { } running)
        {
            text.Field(2, title, "Running").Field(3, "Started", DescribeText.Time(running.Time("startedAt")));
        }
        else if (state.At("terminated") is { } terminated)
        {
            text.Field(2, title, "Terminated").Optional(3, "Reason", terminated.Text("reason")).Optional(3, "Message", terminated.Text("message"));
            text.Field(3, "Exit Code", terminated.Text("exitCode") is { Length: > 0 } code ? code : "0");
            if (terminated.Number("signal") > 0)
                text.Field(3, "Signal", terminated.Text("signal"));
            text.Field(3, "Started", DescribeText.Time(terminated.Time("startedAt"))).Field(3, "Finished", DescribeText.Time(terminated.Time("finishedAt")));
        }
        else
        {
            text.Field(2, title, "Waiting").Optional(3, "Reason", state.Text("waiting", "reason"));
            // kubectl leaves the message out; it is what tells why.
            text.Optional(3, "Message", state.Text("waiting", "message").ReplaceLineEndings(" "));
        }
    }

    private static string Probe(JsonNode probe)
    {
        long Or(string field, long otherwise) => probe.Number(field) ?? otherwise;
        var timing = $"delay={Or("initialDelaySeconds", 0)}s timeout={Or("timeoutSeconds", 1)}s period={Or("periodSeconds", 10)}s #success={Or("successThreshold", 1)} #failure={Or("failureThreshold", 3)}";
        if (probe.At("exec") is { } exec)
            return $"exec [{string.Join(' ', exec.List("command").Select(c => c.Text()))}] {timing}";
        if (probe.At("httpGet") is { } http)
            return $"http-get {(http.Text("scheme") is { Length: > 0 } scheme ? scheme.ToLowerInvariant() : "http")}://{http.Text("host")}:{http.Text("port")}{http.Text("path")} {timing}";
        if (probe.At("tcpSocket") is { } tcp)
            return $"tcp-socket {tcp.Text("host")}:{tcp.Text("port")} {timing}";
        return probe.At("grpc") is { } grpc ? $"grpc <pod>:{grpc.Text("port")} {grpc.Text("service")} {timing}" : $"unknown {timing}";
    }

    private void EnvironmentFrom(JsonNode container)
    {
        var sources = container.List("envFrom");
        if (sources.Count > 0)
            text.Line(2, "Environment Variables from:");
        foreach (var source in sources)
        {
            var (kind, reference) = source.At("configMapRef") is { } map ? ("ConfigMap", map) : ("Secret", source.At("secretRef"));
            var prefix = source.Text("prefix");
            text.Line(3, $"{reference.Text("name")}\t{kind}{(prefix.Length > 0 ? $" with prefix '{prefix}'" : "")}\tOptional: {Bool(reference, "optional")}");
        }
    }

    private void Environment(JsonNode container)
    {
        var variables = container.List("env");
        text.Line(2, $"Environment:{(variables.Count == 0 ? "\t<none>" : "")}");
        foreach (var variable in variables)
        {
            var (name, from) = (variable.Text("name"), variable.At("valueFrom"));
            if (from is null)
            {
                foreach (var (i, line) in variable.Text("value").Split('\n').Index())
                    text.Line(3, $"{(i == 0 ? name + ":" : "")}\t{line}");
            }
            else if (from.At("fieldRef") is { } field)
            {
                text.Field(3, name, $"{FieldOf(field.Text("fieldPath"))} ({(field.Text("apiVersion") is { Length: > 0 } version ? version : "v1")}:{field.Text("fieldPath")})");
            }
            else if (from.At("resourceFieldRef") is { } resource)
            {
                text.Field(3, name, $"{ResourceOf(container, resource)} ({resource.Text("resource")})");
            }
            else if (from.At("secretKeyRef") is { } secret)
            {
                text.Field(3, name, $"<set to the key '{secret.Text("key")}' in secret '{secret.Text("name")}'>\tOptional: {Bool(secret, "optional")}");
            }
            else if (from.At("configMapKeyRef") is { } map)
            {
                text.Field(3, name, $"<set to the key '{map.Text("key")}' of config map '{map.Text("name")}'>\tOptional: {Bool(map, "optional")}");
            }
        }
    }

    // What the pod itself tells of a downward field; kubectl fills in these and no others.
    private string FieldOf(string path) => path switch
    {
        "metadata.name" or "metadata.namespace" or "metadata.uid" => pod.Text(path.Split('.')),
        _ => "",
    };

    private static string ResourceOf(JsonNode container, JsonNode reference)
    {
        var path = reference.Text("resource").Split('.', 2);
        if (path.Length != 2 || !Quantity.TryParse(container.Text("resources", path[0], path[1]), out var quantity))
            return path[0] == "limits" ? "node allocatable" : "0";
        var divisor = Quantity.TryParse(reference.Text("divisor"), out var d) && !d.IsZero ? d : Quantity.Of(1);
        return $"{(long)Math.Ceiling(quantity.ToDouble() / divisor.ToDouble())}";
    }

    private void Mounts(JsonNode container)
    {
        var mounts = container.List("volumeMounts");
        text.Line(2, $"Mounts:{(mounts.Count == 0 ? "\t<none>" : "")}");
        foreach (var mount in mounts.OrderBy(m => m.Text("mountPath"), StringComparer.Ordinal))
        {
            var path = mount.Text("subPath") is { Length: > 0 } sub ? $",path=\"{sub}\"" : "";
            text.Line(3, $"{mount.Text("mountPath")} from {mount.Text("name")} ({(mount.IsTrue("readOnly") ? "ro" : "rw")}{path})");
        }
    }

    private static string Bool(JsonNode? node, string field) => node.IsTrue(field) ? "true" : "false";
}
