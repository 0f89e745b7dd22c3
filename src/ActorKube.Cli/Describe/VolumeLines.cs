using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>The volumes of a pod, or of a template of pods.</summary>
internal static class VolumeLines
{
    public static void Write(DescribeText text, IReadOnlyList<JsonNode> volumes, bool template)
    {
        var space = template ? "  " : "";
        text.Line(0, $"{space}Volumes:{(volumes.Count == 0 ? "\t<none>" : "")}");
        foreach (var volume in volumes)
        {
            text.Line(1, $"{(template ? " " : "")}{volume.Text("name")}:");
            Source(text, volume);
        }
    }

    private static void Source(DescribeText text, JsonNode volume)
    {
        if (volume.At("emptyDir") is { } empty)
        {
            Fields(text, "EmptyDir (a temporary directory that shares a pod's lifetime)",
                ("Medium", empty.Text("medium")), ("SizeLimit", empty.Text("sizeLimit") is { Length: > 0 } limit ? limit : "<unset>"));
        }
        else if (volume.At("hostPath") is { } host)
        {
            Fields(text, "HostPath (bare host directory volume)", ("Path", host.Text("path")), ("HostPathType", host.Text("type")));
        }
        else if (volume.At("configMap") is { } map)
        {
            Fields(text, "ConfigMap (a volume populated by a ConfigMap)", ("Name", map.Text("name")), ("Optional", Bool(map, "optional")));
        }
        else if (volume.At("secret") is { } secret)
        {
            Fields(text, "Secret (a volume populated by a Secret)", ("SecretName", secret.Text("secretName")), ("Optional", Bool(secret, "optional")));
        }
        else if (volume.At("downwardAPI") is { } downward)
        {
            Fields(text, "DownwardAPI (a volume populated by information about the pod)");
            text.Line(2, "Items:");
            foreach (var item in downward.List("items"))
                text.Line(3, $"{item.Text("fieldRef", "fieldPath")}{item.Text("resourceFieldRef", "resource")} -> {item.Text("path")}");
        }
        else if (volume.At("projected") is { } projected)
        {
            Fields(text, "Projected (a volume that contains injected data from multiple sources)", [.. projected.List("sources").SelectMany(Projection)]);
        }
        else if (volume.At("persistentVolumeClaim") is { } claim)
        {
            Fields(text, "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
                ("ClaimName", claim.Text("claimName")), ("ReadOnly", Bool(claim, "readOnly")));
        }
        else if (volume.At("nfs") is { } nfs)
        {
            Fields(text, "NFS (an NFS mount that lasts the lifetime of a pod)", ("Server", nfs.Text("server")), ("Path", nfs.Text("path")), ("ReadOnly", Bool(nfs, "readOnly")));
        }
        else if (volume.At("csi") is { } csi)
        {
            Fields(text, "CSI (a Container Storage Interface (CSI) volume source)",
                ("Driver", csi.Text("driver")), ("FSType", csi.Text("fsType")), ("ReadOnly", Bool(csi, "readOnly")));
        }
        else if (volume.At("image") is { } image)
        {
            Fields(text, "Image (a container image or OCI artifact)", ("Reference", image.Text("reference")), ("PullPolicy", image.Text("pullPolicy")));
        }
        else
        {
            Other(text, volume);
        }
    }

    private static IEnumerable<(string Name, string Value)> Projection(JsonNode source)
    {
        if (source.At("secret") is { } secret)
            return [("SecretName", secret.Text("name")), ("Optional", Bool(secret, "optional"))];
        if (source.At("configMap") is { } map)
            return [("ConfigMapName", map.Text("name")), ("Optional", Bool(map, "optional"))];
        if (source.At("serviceAccountToken") is { } token)
            return [("TokenExpirationSeconds", token.Text("expirationSeconds"))];
        if (source.At("clusterTrustBundle") is { } bundle)
            return [("ClusterTrustBundle", bundle.Text("name") + bundle.Text("signerName"))];
        return source.At("downwardAPI") is not null ? [("DownwardAPI", "true")] : [];
    }

    // The kinds of volume that cloud providers and storage systems bring: by their field, with the plain values in it.
    private static void Other(DescribeText text, JsonNode volume)
    {
        var (type, source) = volume.Map().FirstOrDefault(f => f.Key != "name");
        Fields(text, type ?? "<unknown>", [.. source.Map().Where(f => f.Value is JsonValue).Select(f => (f.Key, f.Value.Text()))]);
    }

    private static void Fields(DescribeText text, string type, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        text.Field(2, "Type", type);
        foreach (var (name, value) in fields)
            text.Field(2, name, value);
    }

    private static string Bool(JsonNode? node, string field) => node.IsTrue(field) ? "true" : "false";
}
