using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.KubeProxy.PodNetwork;

/// <summary>
/// The network configuration of container runtimes that have none of their own: containerd, CRI-O.
/// Source: https://www.cni.dev/docs/spec/
/// </summary>
public static class CniConfig
{
    /// <summary>The configuration for a plan. Masquerading and Services are kube-proxy's business, not the plugins'.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="mtu">Largest packet.</param>
    /// <param name="portMap">Whether the plugin for hostPort is there.</param>
    public static string Write(NetworkPlan plan, int mtu, bool portMap)
    {
        var plugins = new JsonArray(new JsonObject
        {
            ["type"] = "bridge",
            ["bridge"] = plan.Bridge,
            ["isGateway"] = true,
            ["hairpinMode"] = true,
            ["ipMasq"] = false,
            ["mtu"] = mtu,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local",
                ["ranges"] = new JsonArray([.. plan.Ranges.Select(r => new JsonArray(new JsonObject { ["subnet"] = r.Network.ToString(), ["gateway"] = r.Gateway.ToString() }))]),
                ["routes"] = new JsonArray([.. plan.Ranges.Select(r => new JsonObject { ["dst"] = r.IsV4 ? "0.0.0.0/0" : "::/0" })]),
            },
        });
        if (portMap)
        {
            plugins.Add(new JsonObject { ["type"] = "portmap", ["capabilities"] = new JsonObject { ["portMappings"] = true } });
        }

        // The name is unique per node: the plugins keep what they gave out under it.
        var config = new JsonObject { ["cniVersion"] = "0.4.0", ["name"] = plan.Bridge, ["plugins"] = plugins };
        return config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
    }

    /// <summary>Puts the file in place whole, where it differs. Runtimes watch the folder.</summary>
    public static void Save(string path, string content)
    {
        if (File.Exists(path) && File.ReadAllText(path) == content)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var draft = path + ".new";
        File.WriteAllText(draft, content);
        File.Move(draft, path, overwrite: true);
    }
}
