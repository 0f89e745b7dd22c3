using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>ConfigMaps, Secrets, ServiceAccounts and Namespaces for people to read.</summary>
internal static class DataDescribers
{
    /// <summary>A ConfigMap with its data.</summary>
    public static string OfConfigMap(JsonObject map, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = Head(map);
        text.Line(0, "\nData\n====");
        foreach (var (key, value) in map.Map("data"))
            text.Line(0, $"{key}:\n----\n{value.Text()}\n");
        text.Line(0, "\nBinaryData\n====");
        foreach (var (key, value) in map.Map("binaryData"))
            text.Line(0, $"{key}: {Convert.FromBase64String(value.Text()).Length} bytes");
        text.Line(0, "");
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    /// <summary>A Secret with the names and lengths of its data, but not what is in them.</summary>
    public static string OfSecret(JsonObject secret)
    {
        var text = Head(secret);
        text.Line(0, $"\nType:\t{secret.Text("type")}\n\nData\n====");
        foreach (var (key, value) in secret.Map("data"))
            text.Field(0, key, $"{Convert.FromBase64String(value.Text()).Length} bytes");
        return text.ToString();
    }

    /// <param name="ns">The Namespace.</param>
    /// <param name="quotas">Its ResourceQuotas.</param>
    /// <param name="limits">Its LimitRanges.</param>
    public static string OfNamespace(JsonObject ns, IReadOnlyList<JsonObject> quotas, IReadOnlyList<JsonObject> limits)
    {
        var text = new DescribeText();
        text.Field(0, "Name", ns.Text("metadata", "name")).Labels(0, "Labels", ns.Map("metadata", "labels")).Annotations(ns);
        text.Field(0, "Status", ns.Text("status", "phase"));
        if (ns.List("status", "conditions") is { Count: > 0 } conditions)
        {
            text.Line(0, "Conditions:").Line(1, "Type\tStatus\tReason\tMessage").Line(1, "----\t------\t------\t-------");
            foreach (var c in conditions)
                text.Line(1, $"{c.Text("type")}\t{c.Text("status")}\t{c.Text("reason")}\t{c.Text("message")}");
        }

        text.Line(0, quotas.Count == 0 ? "\nNo resource quota." : "\nResource Quotas");
        foreach (var quota in quotas)
            Quota(text, quota);
        text.Line(0, limits.Count == 0 ? "\nNo LimitRange resource." : "\nResource Limits");
        if (limits.Count > 0)
            text.Line(1, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit").Line(1, "----\t--------\t---\t---\t---------------\t-------------");
        foreach (var limit in limits.SelectMany(l => l.List("spec", "limits")))
            Limit(text, limit);
        return text.ToString();
    }

    /// <summary>A ServiceAccount.</summary>
    public static string OfServiceAccount(JsonObject account, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = Head(account);
        foreach (var (title, field) in new[] { ("Image pull secrets", "imagePullSecrets"), ("Mountable secrets", "secrets") })
            text.Values(0, title, account.List(field).Select(s => s.Text("name")));
        text.Field(0, "Tokens", "<none>");
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    private static DescribeText Head(JsonObject value)
    {
        var text = new DescribeText();
        text.Field(0, "Name", value.Text("metadata", "name")).Field(0, "Namespace", value.Text("metadata", "namespace"));
        return text.Labels(0, "Labels", value.Map("metadata", "labels")).Annotations(value);
    }

    private static void Quota(DescribeText text, JsonObject quota)
    {
        text.Line(1, $"Name:\t{quota.Text("metadata", "name")}").Line(1, "Resource\tUsed\tHard").Line(1, "--------\t---\t---");
        foreach (var (resource, hard) in quota.Map("status", "hard"))
            text.Line(1, $"{resource}\t{quota.Text("status", "used", resource)}\t{hard.Text()}");
    }

    private static void Limit(DescribeText text, JsonNode limit)
    {
        string[] fields = ["min", "max", "defaultRequest", "default"];
        foreach (var resource in fields.SelectMany(f => limit.Map(f).Select(r => r.Key)).Distinct().Order(StringComparer.Ordinal))
            text.Line(1, $"{limit.Text("type")}\t{resource}\t{string.Join('\t', fields.Select(f => limit.Text(f, resource) is { Length: > 0 } q ? q : "-"))}");
    }
}
