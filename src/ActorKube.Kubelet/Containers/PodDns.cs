using ActorKube.ContainerRuntime.Cri;
using k8s.Models;

namespace ActorKube.Kubelet.Containers;

/// <summary>
/// A pod's host name and resolver. Source: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
/// </summary>
/// <param name="ClusterDns">The cluster's name servers.</param>
/// <param name="ClusterDomain">The cluster's domain.</param>
/// <param name="ReadResolvConf">Gives the node's resolver file.</param>
internal sealed record PodDns(Func<IReadOnlyList<string>> ClusterDns, string ClusterDomain, Func<string> ReadResolvConf)
{
    private const int MaxServers = 3;
    private const int MaxSearches = 32;

    /// <summary>The host name: what the pod asks for, else its own name, cut to 63 characters.</summary>
    public static string Hostname(V1Pod pod, string nodeHostname)
    {
        if (pod.Spec.HostNetwork == true)
            return nodeHostname;
        if (pod.Spec.HostnameOverride is { Length: > 0 } exact)
            return exact;
        var name = pod.Spec.Hostname is { Length: > 0 } asked ? asked : pod.Metadata.Name;
        return name.Length <= 63 ? name : name[..63].TrimEnd('-', '.');
    }

    /// <summary>The domain after the host name for a pod with a subdomain; empty for others.</summary>
    public string Domain(V1Pod pod) => pod.Spec.HostNetwork != true && pod.Spec.Subdomain is { Length: > 0 } subdomain
        ? $"{subdomain}.{pod.Metadata.NamespaceProperty}.svc.{ClusterDomain}"
        : "";

    /// <summary>The name the kernel is given: with setHostnameAsFQDN the full one.</summary>
    public string KernelHostname(V1Pod pod, string nodeHostname)
    {
        var hostname = Hostname(pod, nodeHostname);
        var domain = Domain(pod);
        return pod.Spec.SetHostnameAsFQDN == true && domain.Length > 0 ? $"{hostname}.{domain}" : hostname;
    }

    /// <summary>Servers, search domains and options for the pod's <c>/etc/resolv.conf</c>.</summary>
    public DNSConfig Config(V1Pod pod)
    {
        var policy = pod.Spec.DnsPolicy ?? "ClusterFirst";
        var cluster = policy == "ClusterFirstWithHostNet" || (policy == "ClusterFirst" && pod.Spec.HostNetwork != true);
        var config = policy == "None" ? new DNSConfig() : Host();
        var servers = ClusterDns();
        if (cluster && servers.Count > 0)
        {
            var hostSearches = config.Searches.ToList();
            config = new DNSConfig();
            config.Servers.AddRange(servers);
            config.Searches.AddRange([$"{pod.Metadata.NamespaceProperty}.svc.{ClusterDomain}", $"svc.{ClusterDomain}", ClusterDomain, .. hostSearches]);
            config.Options.Add("ndots:5");
        }

        return Limit(Merge(config, pod.Spec.DnsConfig));
    }

    private DNSConfig Host()
    {
        var config = new DNSConfig();
        foreach (var line in ReadResolvConf().Split('\n'))
        {
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0][0] is '#' or ';')
                continue;
            switch (words[0])
            {
                case "nameserver":
                    config.Servers.Add(words[1]);
                    break;
                case "search" or "domain":
                    config.Searches.Clear();
                    config.Searches.AddRange(words[1..].Where(w => w != "."));
                    break;
                case "options":
                    config.Options.Clear();
                    config.Options.AddRange(words[1..]);
                    break;
            }
        }

        return config;
    }

    private static DNSConfig Merge(DNSConfig config, V1PodDNSConfig? own)
    {
        if (own is null)
            return config;
        var servers = config.Servers.Concat(own.Nameservers ?? []).Distinct().ToList();
        var searches = config.Searches.Concat(own.Searches ?? []).Distinct().ToList();
        var options = config.Options.ToList();
        foreach (var option in own.Options ?? [])
        {
            options.RemoveAll(o => o.Split(':')[0] == option.Name);
            options.Add(string.IsNullOrEmpty(option.Value) ? option.Name : $"{option.Name}:{option.Value}");
        }

        var merged = new DNSConfig();
        merged.Servers.AddRange(servers);
        merged.Searches.AddRange(searches);
        merged.Options.AddRange(options);
        return merged;
    }

    private static DNSConfig Limit(DNSConfig config)
    {
        while (config.Servers.Count > MaxServers)
            config.Servers.RemoveAt(MaxServers);
        while (config.Searches.Count > MaxSearches)
            config.Searches.RemoveAt(MaxSearches);
        return config;
    }
}
