using System.Text;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Pod fields that containers can see by fieldRef.
/// Source: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
/// </summary>
internal static class PodFields
{
    /// <summary>The field as text, or null for a path that cannot be referred to.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="path">Such as <c>metadata.labels['app']</c>.</param>
    /// <param name="podAddresses">The pod's addresses.</param>
    /// <param name="hostAddresses">The node's addresses.</param>
    public static string? Read(V1Pod pod, string path, IReadOnlyList<string> podAddresses, IReadOnlyList<string> hostAddresses)
    {
        if (Subscript(path, "metadata.labels") is { } label)
            return Get(pod.Metadata.Labels, label);
        if (Subscript(path, "metadata.annotations") is { } annotation)
            return Get(pod.Metadata.Annotations, annotation);
        return path switch
        {
            "metadata.name" => pod.Metadata.Name,
            "metadata.namespace" => pod.Metadata.NamespaceProperty,
            "metadata.uid" => pod.Metadata.Uid,
            "metadata.labels" => Format(pod.Metadata.Labels),
            "metadata.annotations" => Format(pod.Metadata.Annotations),
            "spec.nodeName" => pod.Spec.NodeName ?? "",
            "spec.serviceAccountName" => pod.Spec.ServiceAccountName ?? "",
            "status.hostIP" => hostAddresses.Count > 0 ? hostAddresses[0] : "",
            "status.hostIPs" => string.Join(',', hostAddresses),
            "status.podIP" => podAddresses.Count > 0 ? podAddresses[0] : "",
            "status.podIPs" => string.Join(',', podAddresses),
            _ => null,
        };
    }

    private static string? Subscript(string path, string field) =>
        path.StartsWith(field + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? path[(field.Length + 2)..^2]
            : null;

    private static string Get(IDictionary<string, string>? map, string key) => map is not null && map.TryGetValue(key, out var value) ? value : "";

    // key="value" a line, sorted, the value quoted as a Go string.
    private static string Format(IDictionary<string, string>? map)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in (map ?? new Dictionary<string, string>()).OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            if (text.Length > 0)
                text.Append('\n');
            text.Append(key).Append('=');
            Quote(text, value);
        }

        return text.ToString();
    }

    private static void Quote(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
