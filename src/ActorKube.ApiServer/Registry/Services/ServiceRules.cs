using System.Net;
using System.Net.Sockets;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Services;

/// <summary>The rules of services.</summary>
internal static class ServiceRules
{
    private const int MaxAffinitySeconds = 86400;

    /// <summary>Whether traffic can come from outside the cluster.</summary>
    public static bool IsExternallyAccessible(V1ServiceSpec spec) =>
        spec.Type is "LoadBalancer" or "NodePort" || (spec.Type == "ClusterIP" && spec.ExternalIPs is { Count: > 0 });

    /// <summary>Whether the service has no address of its own.</summary>
    public static bool IsHeadless(V1ServiceSpec spec) => spec.ClusterIPs is { Count: 1 } addresses && addresses[0] == "None";

    /// <summary>What is wrong with a service's spec.</summary>
    public static void Validate(V1ServiceSpec spec, FieldErrors errors)
    {
        var path = FieldPath.Spec;
        var headless = IsHeadless(spec);
        if (spec.Ports is null or { Count: 0 } && !headless && spec.Type != "ExternalName")
        {
            errors.Required(path.Child("ports"));
        }

        switch (spec.Type)
        {
            case "LoadBalancer" or "NodePort" when headless:
                errors.Invalid(path.Child("clusterIPs").Index(0), "None", $"may not be set to 'None' for {spec.Type} services");
                break;
            case "ExternalName":
                ValidateExternalName(spec, path, errors);
                break;
        }

        ServicePortRules.Validate(spec, path.Child("ports"), errors);
        ObjectMetaRules.ValidateLabels(spec.Selector, path.Child("selector"), errors);
        ValidateAffinity(spec, path, errors);
        ValidateAddresses(spec, path, errors);
        for (var i = 0; i < (spec.ExternalIPs?.Count ?? 0); i++)
        {
            var at = path.Child("externalIPs").Index(i);
            var wrong = NameRules.IpAddress(spec.ExternalIPs![i]);
            errors.Invalid(at, spec.ExternalIPs[i], wrong);
            if (wrong.Count == 0)
            {
                ValidateOrdinaryAddress(spec.ExternalIPs[i], at, errors);
            }
        }

        errors.OneOf(path.Child("type"), spec.Type, "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        ValidateLoadBalancer(spec, path, errors);
        ValidateTraffic(spec, path, errors);
    }

    /// <summary>A change of type from one that has node ports or addresses to one that has none drops those the user did not touch.</summary>
    public static void DropWhatTheNewTypeLacks(V1ServiceSpec spec, V1ServiceSpec old)
    {
        if (spec.Type == "ClusterIP" && old.Type is "NodePort" or "LoadBalancer" && SamePorts(spec, old))
        {
            foreach (var port in spec.Ports ?? [])
            {
                port.NodePort = null;
            }
        }

        if (!IsExternallyAccessible(spec) && IsExternallyAccessible(old) && spec.ExternalTrafficPolicy == old.ExternalTrafficPolicy)
        {
            spec.ExternalTrafficPolicy = null;
        }

        if (!NeedsHealthCheck(spec) && NeedsHealthCheck(old) && spec.HealthCheckNodePort == old.HealthCheckNodePort)
        {
            spec.HealthCheckNodePort = null;
        }

        if (spec.Type != "LoadBalancer" && old.Type == "LoadBalancer")
        {
            spec.AllocateLoadBalancerNodePorts = spec.AllocateLoadBalancerNodePorts == old.AllocateLoadBalancerNodePorts ? null : spec.AllocateLoadBalancerNodePorts;
            spec.LoadBalancerClass = spec.LoadBalancerClass == old.LoadBalancerClass ? null : spec.LoadBalancerClass;
        }

        if (spec.Type == "ExternalName" && old.Type != "ExternalName")
        {
            spec.ClusterIP = spec.ClusterIP == old.ClusterIP ? null : spec.ClusterIP;
            spec.ClusterIPs = SemanticEquality.Equal(spec.ClusterIPs, old.ClusterIPs) ? null : spec.ClusterIPs;
            spec.IpFamilies = SemanticEquality.Equal(spec.IpFamilies, old.IpFamilies) ? null : spec.IpFamilies;
            spec.IpFamilyPolicy = spec.IpFamilyPolicy == old.IpFamilyPolicy ? null : spec.IpFamilyPolicy;
        }
    }

    /// <summary>The first address and family stay as long as the service has one.</summary>
    public static void ValidateAddressChange(V1ServiceSpec spec, V1ServiceSpec old, FieldErrors errors)
    {
        if (spec.Type == "ExternalName" || old.Type == "ExternalName" || (IsHeadless(spec) && IsHeadless(old)))
        {
            return;
        }

        var (before, after) = (old.ClusterIPs ?? [], spec.ClusterIPs ?? []);
        var path = FieldPath.Spec.Child("clusterIPs");
        if (before.Count > 0 && after.Count == 0)
        {
            errors.Invalid(path.Index(0), after, "primary clusterIP can not be unset");
        }

        for (var i = 0; i < Math.Min(before.Count, after.Count); i++)
        {
            if (before[i] != after[i])
            {
                errors.Invalid(path.Index(i), after, "may not change once set");
            }
        }

        if (before.Count > 1 && after.Count == 1 && spec.IpFamilyPolicy != "SingleStack")
        {
            errors.Invalid(FieldPath.Spec.Child("ipFamilyPolicy"), spec.IpFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary clusterIP");
        }

        if (IsHeadless(spec) == IsHeadless(old) && old.IpFamilies is { Count: > 0 } families && spec.IpFamilies is { Count: > 0 } now && families[0] != now[0])
        {
            errors.Invalid(FieldPath.Spec.Child("ipFamilies").Index(0), now, "may not change once set");
        }

        if (old.Type == "LoadBalancer" && spec.Type == "LoadBalancer" && old.LoadBalancerClass != spec.LoadBalancerClass)
        {
            errors.Invalid(FieldPath.Spec.Child("loadBalancerClass"), spec.LoadBalancerClass, "may not change once set");
        }

        if (NeedsHealthCheck(old) && NeedsHealthCheck(spec) && (spec.HealthCheckNodePort ?? 0) != (old.HealthCheckNodePort ?? 0))
        {
            errors.Forbidden(FieldPath.Spec.Child("healthCheckNodePort"), FieldErrors.Immutable);
        }
    }

    /// <summary>An address that other machines can reach: not loopback, link-local or unspecified.</summary>
    public static void ValidateOrdinaryAddress(string text, FieldPath path, FieldErrors errors)
    {
        if (!IpText.TryParse(text, out var address))
        {
            errors.Invalid(path, text, "must be a valid IP address");
            return;
        }

        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            errors.Invalid(path, text, $"may not be unspecified ({text})");
        }

        if (IPAddress.IsLoopback(address))
        {
            errors.Invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
        }

        var bytes = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetwork ? bytes[0] == 169 && bytes[1] == 254 : address.IsIPv6LinkLocal)
        {
            errors.Invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
        }

        if (address.AddressFamily == AddressFamily.InterNetwork ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 : bytes[0] == 0xff && (bytes[1] & 0x0f) == 2)
        {
            errors.Invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
        }
    }

    private static bool NeedsHealthCheck(V1ServiceSpec spec) => spec.Type == "LoadBalancer" && spec.ExternalTrafficPolicy == "Local";

    private static bool SamePorts(V1ServiceSpec spec, V1ServiceSpec old) =>
        (spec.Ports ?? []).All(p => p.NodePort is null or 0 || (old.Ports ?? []).Any(o => o.NodePort == p.NodePort && o.Protocol == p.Protocol));

    private static void ValidateExternalName(V1ServiceSpec spec, FieldPath path, FieldErrors errors)
    {
        ForbiddenIf(spec.ClusterIPs is { Count: > 0 }, "clusterIPs");
        ForbiddenIf(spec.IpFamilies is { Count: > 0 }, "ipFamilies");
        ForbiddenIf(spec.IpFamilyPolicy is not null, "ipFamilyPolicy");
        var name = spec.ExternalName ?? "";
        name = name.EndsWith('.') ? name[..^1] : name;
        if (name.Length == 0)
        {
            errors.Required(path.Child("externalName"));
        }
        else
        {
            errors.Invalid(path.Child("externalName"), name, NameRules.Dns1123Subdomain(name));
        }

        void ForbiddenIf(bool set, string field)
        {
            if (set)
            {
                errors.Forbidden(path.Child(field), "may not be set for ExternalName services");
            }
        }
    }

    private static void ValidateAffinity(V1ServiceSpec spec, FieldPath path, FieldErrors errors)
    {
        errors.OneOf(path.Child("sessionAffinity"), spec.SessionAffinity, "ClientIP", "None");
        var config = path.Child("sessionAffinityConfig");
        if (spec.SessionAffinity == "ClientIP")
        {
            if (spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds is not { } seconds)
            {
                errors.Required(config, "when session affinity type is ClientIP");
            }
            else if (seconds is <= 0 or > MaxAffinitySeconds)
            {
                errors.Invalid(config.Child("clientIP").Child("timeoutSeconds"), seconds, $"must be greater than 0 and less than {MaxAffinitySeconds}");
            }
        }
        else if (spec.SessionAffinityConfig is not null)
        {
            errors.Forbidden(config, "must not be set when session affinity is None");
        }
    }

    private static void ValidateAddresses(V1ServiceSpec spec, FieldPath path, FieldErrors errors)
    {
        if (spec.Type == "ExternalName")
        {
            return;
        }

        var (addresses, list) = (spec.ClusterIPs ?? [], path.Child("clusterIPs"));
        if (!string.IsNullOrEmpty(spec.ClusterIP))
        {
            if (addresses.Count == 0)
            {
                errors.Required(list);
            }
            else if (addresses[0] != spec.ClusterIP)
            {
                errors.Invalid(list, addresses, "first value must match `clusterIP`");
            }
        }
        else if (addresses.Count > 0)
        {
            errors.Invalid(list, addresses, "must be empty when `clusterIP` is not specified");
        }

        var families = spec.IpFamilies ?? [];
        for (var i = 0; i < families.Count; i++)
        {
            if (families[i] is not ("IPv4" or "IPv6"))
            {
                errors.NotSupported(path.Child("ipFamilies").Index(i), families[i], "IPv4", "IPv6");
            }

            if (families.Take(i).Contains(families[i]))
            {
                errors.Duplicate(path.Child("ipFamilies").Index(i), families[i]);
            }
        }

        if (spec.IpFamilyPolicy is not (null or "PreferDualStack" or "RequireDualStack" or "SingleStack"))
        {
            errors.NotSupported(path.Child("ipFamilyPolicy"), spec.IpFamilyPolicy, "PreferDualStack", "RequireDualStack", "SingleStack");
        }

        var before = errors.Count;
        for (var i = 0; i < addresses.Count; i++)
        {
            if (i == 0 && addresses[i] == "None")
            {
                if (addresses.Count > 1)
                {
                    errors.Invalid(list, addresses, "'None' must be the first and only value");
                }

                continue;
            }

            errors.Invalid(list.Index(i), addresses[i], NameRules.IpAddress(addresses[i]));
        }

        if (addresses.Count > 2)
        {
            errors.Invalid(list, addresses, "may only hold up to 2 values");
        }

        if (errors.Count > before)
        {
            return;
        }

        if (addresses.Count > 1 && IpText.IsV6(addresses[0]) == IpText.IsV6(addresses[1]))
        {
            errors.Invalid(list, addresses, "may specify no more than one IP for each IP family");
        }

        for (var i = 0; !IsHeadless(spec) && i < Math.Min(addresses.Count, families.Count); i++)
        {
            if (families[i] == "IPv6" != IpText.IsV6(addresses[i]))
            {
                errors.Invalid(list.Index(i), addresses[i], $"expected an {families[i]} value as indicated by `ipFamilies[{i}]`");
            }
        }
    }

    private static void ValidateLoadBalancer(V1ServiceSpec spec, FieldPath path, FieldErrors errors)
    {
        var isBalancer = spec.Type == "LoadBalancer";
        var ranges = path.Child("LoadBalancerSourceRanges");
        if (spec.LoadBalancerSourceRanges is { Count: > 0 } all)
        {
            if (!isBalancer)
            {
                errors.Forbidden(ranges, "may only be used when `type` is 'LoadBalancer'");
            }

            for (var i = 0; i < all.Count; i++)
            {
                if (!IpText.TryParseRange(all[i].Trim(), out _, out _))
                {
                    errors.Invalid(ranges.Index(i), all[i].Trim(), "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
                }
            }
        }

        if (!isBalancer && spec.AllocateLoadBalancerNodePorts is not null)
        {
            errors.Forbidden(path.Child("allocateLoadBalancerNodePorts"), "may only be used when `type` is 'LoadBalancer'");
        }

        if (spec.LoadBalancerClass is null)
        {
            return;
        }

        if (isBalancer)
        {
            errors.Invalid(path.Child("loadBalancerClass"), spec.LoadBalancerClass, NameRules.QualifiedName(spec.LoadBalancerClass));
        }
        else
        {
            errors.Forbidden(path.Child("loadBalancerClass"), "may only be used when `type` is 'LoadBalancer'");
        }
    }

    private static void ValidateTraffic(V1ServiceSpec spec, FieldPath path, FieldErrors errors)
    {
        var external = path.Child("externalTrafficPolicy");
        if (IsExternallyAccessible(spec))
        {
            errors.OneOf(external, spec.ExternalTrafficPolicy, "Cluster", "Local");
        }
        else if (!string.IsNullOrEmpty(spec.ExternalTrafficPolicy))
        {
            errors.Invalid(external, spec.ExternalTrafficPolicy, "may only be set for externally-accessible services");
        }

        if (!NeedsHealthCheck(spec) && spec.HealthCheckNodePort is { } port and not 0)
        {
            errors.Invalid(path.Child("healthCheckNodePort"), port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
        }

        if (spec.Type is "ClusterIP" or "NodePort" or "LoadBalancer" || spec.InternalTrafficPolicy is not null)
        {
            errors.OneOf(path.Child("internalTrafficPolicy"), spec.InternalTrafficPolicy, "Cluster", "Local");
        }

        if (spec.TrafficDistribution is not (null or "PreferClose" or "PreferSameNode" or "PreferSameZone"))
        {
            errors.NotSupported(path.Child("trafficDistribution"), spec.TrafficDistribution, "PreferClose", "PreferSameNode", "PreferSameZone");
        }
    }
}
