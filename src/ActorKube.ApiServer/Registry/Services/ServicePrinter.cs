using System.Globalization;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Services;

/// <summary>The cells of a service that take some thought.</summary>
internal static class ServicePrinter
{
    /// <summary><c>80/TCP,443:30443/TCP</c>.</summary>
    public static string Ports(V1ServiceSpec? spec) => string.Join(',', (spec?.Ports ?? []).Select(p => p.NodePort is > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{p.Port}:{p.NodePort}/{p.Protocol}")
        : string.Create(CultureInfo.InvariantCulture, $"{p.Port}/{p.Protocol}")));

    /// <summary>Where the service can be reached from outside.</summary>
    public static string ExternalAddress(V1Service service)
    {
        var external = string.Join(',', service.Spec?.ExternalIPs ?? []);
        switch (service.Spec?.Type)
        {
            case "ClusterIP" or "NodePort":
                return Tables.OrNone(external);
            case "ExternalName":
                return Tables.OrNone(service.Spec.ExternalName);
            case "LoadBalancer":
                var balancers = (service.Status?.LoadBalancer?.Ingress ?? [])
                    .Select(i => string.IsNullOrEmpty(i.Ip) ? i.Hostname : i.Ip)
                    .Where(a => !string.IsNullOrEmpty(a))
                    .Distinct().Order(StringComparer.Ordinal);
                var all = string.Join(',', balancers.Concat(service.Spec.ExternalIPs ?? []));
                return all.Length == 0 ? "<pending>" : all;
            default:
                return Tables.Unknown;
        }
    }
}
