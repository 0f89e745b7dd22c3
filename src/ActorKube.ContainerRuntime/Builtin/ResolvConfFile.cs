using System.Text;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>The text of /etc/resolv.conf.</summary>
internal static class ResolvConfFile
{
    /// <summary>The file for a pod's DNS configuration; null when it says nothing, which means the host's own file.</summary>
    public static string? Format(DNSConfig? dns)
    {
        if (dns is null || (dns.Servers.Count == 0 && dns.Searches.Count == 0 && dns.Options.Count == 0))
            return null;
        var text = new StringBuilder();
        if (dns.Searches.Count > 0)
            text.Append("search ").AppendJoin(' ', dns.Searches).Append('\n');
        foreach (var server in dns.Servers)
            text.Append("nameserver ").Append(server).Append('\n');
        if (dns.Options.Count > 0)
            text.Append("options ").AppendJoin(' ', dns.Options).Append('\n');
        return text.ToString();
    }
}
