using System.Text;
using k8s.Models;

namespace ActorKube.Kubelet.Containers;

/// <summary>
/// The <c>/etc/hosts</c> that the kubelet writes for a pod.
/// Source: https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/
/// </summary>
internal static class HostsFile
{
    /// <param name="pod">The pod.</param>
    /// <param name="addresses">The pod's addresses.</param>
    /// <param name="hostname">The pod's host name.</param>
    /// <param name="domain">What follows the host name in its full name; empty for none.</param>
    /// <param name="hostFile">The node's own file, which pods in the host's network get.</param>
    public static string Text(V1Pod pod, IReadOnlyList<string> addresses, string hostname, string domain, string hostFile)
    {
        var text = new StringBuilder();
        if (pod.Spec.HostNetwork == true)
        {
            text.Append("# Kubernetes-managed hosts file (host network).\n").Append(hostFile);
            if (hostFile.Length > 0 && hostFile[^1] != '\n')
                text.Append('\n');
        }
        else
        {
            text.Append("# Kubernetes-managed hosts file.\n")
                .Append("127.0.0.1\tlocalhost\n")
                .Append("::1\tlocalhost ip6-localhost ip6-loopback\n")
                .Append("fe00::0\tip6-localnet\n")
                .Append("fe00::0\tip6-mcastprefix\n")
                .Append("fe00::1\tip6-allnodes\n")
                .Append("fe00::2\tip6-allrouters\n");
            foreach (var address in addresses)
                text.Append(address).Append('\t').Append(domain.Length > 0 ? $"{hostname}.{domain}\t{hostname}" : hostname).Append('\n');
        }

        if (pod.Spec.HostAliases is { Count: > 0 } aliases)
        {
            text.Append("\n# Entries added by HostAliases.\n");
            foreach (var alias in aliases)
                text.Append(alias.Ip).Append('\t').AppendJoin('\t', alias.Hostnames ?? []).Append('\n');
        }

        return text.ToString();
    }
}
