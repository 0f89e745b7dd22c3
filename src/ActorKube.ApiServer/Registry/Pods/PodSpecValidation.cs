using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>
/// The rules of a pod spec, in Kubernetes' order and words; containers, volumes, affinity and security contexts have files of their own.
/// Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ and the messages of kube-apiserver 1.36.
/// </summary>
internal static class PodSpecValidation
{
    private const int MaxNameServers = 3;
    private const int MaxSearchPaths = 32;
    private const int MaxSearchCharacters = 2048;

    /// <summary>What is wrong with a pod's spec.</summary>
    public static void ValidatePod(V1Pod pod, FieldErrors errors)
    {
        Validate(new PodContext(pod.Spec, true, pod.Metadata.Name, errors), FieldPath.Spec);
        if (string.IsNullOrEmpty(pod.Spec.ServiceAccountName))
        {
            TokensNeedAnAccount(pod.Spec, errors);
        }

        foreach (var (containers, path) in new[] { (pod.Spec.Containers, "containers"), (pod.Spec.InitContainers, "initContainers") })
        {
            for (var i = 0; i < (containers?.Count ?? 0); i++)
            {
                ContainerValidation.ImageIsTrimmed(containers![i].Image, FieldPath.Spec.Child(path).Index(i), errors);
            }
        }
    }

    /// <summary>What is wrong with a template.</summary>
    public static void ValidateTemplate(V1PodTemplateSpec template, FieldPath path, FieldErrors errors)
    {
        ObjectMetaRules.ValidateLabels(template.Metadata?.Labels, path.Child("labels"), errors);
        ObjectMetaRules.ValidateAnnotations(template.Metadata?.Annotations, path.Child("annotations"), errors);
        Validate(new PodContext(template.Spec ?? new V1PodSpec(), false, null, errors), path.Child("spec"));
        if (template.Spec?.EphemeralContainers is { Count: > 0 })
        {
            errors.Forbidden(path.Child("spec").Child("ephemeralContainers"), "ephemeral containers not allowed in pod template");
        }
    }

    private static void Validate(PodContext pod, FieldPath path)
    {
        var (spec, errors) = (pod.Spec, pod.Errors);
        if (spec.TerminationGracePeriodSeconds is null)
        {
            errors.Required(path.Child("terminationGracePeriodSeconds"));
        }

        VolumeValidation.Validate(pod, path.Child("volumes"));
        ResourceValidation.ValidateClaims(pod, path.Child("resourceClaims"));
        ContainerValidation.ValidateContainers(pod, path.Child("containers"));
        ContainerValidation.ValidateInitContainers(pod, path.Child("initContainers"));
        ContainerValidation.ValidateEphemeralContainers(pod, path.Child("ephemeralContainers"));
        ResourceValidation.ValidatePodResources(pod, path.Child("resources"));
        HostPortsMatch(pod, path);
        errors.OneOf(path.Child("restartPolicy"), spec.RestartPolicy, "Always", "OnFailure", "Never");
        errors.OneOf(path.Child("dnsPolicy"), spec.DnsPolicy, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
        ObjectMetaRules.ValidateLabels(spec.NodeSelector, path.Child("nodeSelector"), errors);
        SecurityContextValidation.ValidatePod(pod, path.Child("securityContext"));
        AffinityValidation.Validate(spec.Affinity, path.Child("affinity"), errors);
        ValidateDns(spec, path.Child("dnsConfig"), errors);
        for (var i = 0; i < (spec.ReadinessGates?.Count ?? 0); i++)
        {
            var condition = spec.ReadinessGates![i].ConditionType ?? "";
            errors.Invalid(path.Child("readinessGates").Index(i).Child("conditionType"), condition, NameRules.QualifiedName(condition));
        }

        ValidateSchedulingGates(spec.SchedulingGates, path.Child("schedulingGates"), errors);
        TopologySpreadValidation.Validate(spec.TopologySpreadConstraints, path.Child("topologySpreadConstraints"), errors);
        SecurityContextValidation.ValidateHostUsers(spec, path, errors);
        ValidateNames(pod, path);
        if (spec.ActiveDeadlineSeconds is { } deadline)
        {
            errors.Invalid(path.Child("activeDeadlineSeconds"), deadline, NameRules.InRange(deadline, 1, int.MaxValue));
        }

        TolerationValidation.Validate(spec.Tolerations, path.Child("tolerations"), errors);
        ValidateHostAliases(pod, path.Child("hostAliases"));
        if (spec.PreemptionPolicy is not null)
        {
            errors.OneOf(path.Child("preemptionPolicy"), spec.PreemptionPolicy, "PreemptLowerPriority", "Never");
        }

        if (spec.Overhead is not null)
        {
            ResourceValidation.Validate(new V1ResourceRequirements { Limits = spec.Overhead }, pod, path.Child("overhead"));
        }

        ValidateOs(spec.Os, path.Child("os"), errors);
    }

    private static void ValidateNames(PodContext pod, FieldPath path)
    {
        var spec = pod.Spec;
        IfSet("serviceAccountName", spec.ServiceAccountName, pod.Subdomain);
        IfSet("nodeName", spec.NodeName, pod.Subdomain);
        IfSet("hostname", spec.Hostname, pod.Label);
        IfSet("subdomain", spec.Subdomain, pod.Label);
        IfSet("hostnameOverride", spec.HostnameOverride, pod.Subdomain);
        IfSet("priorityClassName", spec.PriorityClassName, pod.Subdomain);
        IfSet("runtimeClassName", spec.RuntimeClassName, pod.Subdomain);

        void IfSet(string field, string? value, Action<FieldPath, string?> rule)
        {
            if (!string.IsNullOrEmpty(value))
            {
                rule(path.Child(field), value);
            }
        }
    }

    private static void HostPortsMatch(PodContext pod, FieldPath path)
    {
        if (pod.Spec.HostNetwork is not true)
        {
            return;
        }

        for (var c = 0; c < (pod.Spec.Containers?.Count ?? 0); c++)
        {
            var ports = pod.Spec.Containers![c].Ports ?? [];
            for (var i = 0; i < ports.Count; i++)
            {
                // A template may leave the host port to the pod's defaults.
                var hostPort = ports[i].HostPort ?? 0;
                if ((pod.IsPod || hostPort != 0) && hostPort != ports[i].ContainerPort)
                {
                    pod.Errors.Invalid(path.Child("containers").Index(c).Child("ports").Index(i).Child("hostPort"), hostPort, "must match `containerPort` when `hostNetwork` is true");
                }
            }
        }
    }

    private static void TokensNeedAnAccount(V1PodSpec spec, FieldErrors errors)
    {
        for (var v = 0; v < (spec.Volumes?.Count ?? 0); v++)
        {
            var sources = spec.Volumes![v].Projected?.Sources ?? [];
            for (var s = 0; s < sources.Count; s++)
            {
                if (sources[s].ServiceAccountToken is not null)
                {
                    errors.Forbidden(
                        FieldPath.Spec.Child("volumes").Index(v).Child("projected").Child("sources").Index(s).Child("serviceAccountToken"),
                        "must not be specified when serviceAccountName is not set");
                }
            }
        }
    }

    private static void ValidateSchedulingGates(IList<V1PodSchedulingGate>? gates, FieldPath path, FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (gates?.Count ?? 0); i++)
        {
            var name = gates![i].Name ?? "";
            errors.Invalid(path.Index(i), name, NameRules.QualifiedName(name));
            if (!seen.Add(name))
            {
                errors.Duplicate(path.Index(i), name);
            }
        }
    }

    private static void ValidateHostAliases(PodContext pod, FieldPath path)
    {
        for (var i = 0; i < (pod.Spec.HostAliases?.Count ?? 0); i++)
        {
            var alias = pod.Spec.HostAliases![i];
            pod.Errors.Invalid(path.Index(i).Child("ip"), alias.Ip ?? "", NameRules.IpAddress(alias.Ip ?? ""));
            for (var h = 0; h < (alias.Hostnames?.Count ?? 0); h++)
            {
                pod.Subdomain(path.Index(i).Child("hostnames").Index(h), alias.Hostnames![h]);
            }
        }
    }

    private static void ValidateDns(V1PodSpec spec, FieldPath path, FieldErrors errors)
    {
        var config = spec.DnsConfig;
        if (spec.DnsPolicy == "None")
        {
            if (config is null)
            {
                errors.Required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
                return;
            }

            if (config.Nameservers is null or { Count: 0 })
            {
                errors.Required(path.Child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
                return;
            }
        }

        if (config is null)
        {
            return;
        }

        var servers = config.Nameservers ?? [];
        if (servers.Count > MaxNameServers)
        {
            errors.Invalid(path.Child("nameservers"), servers, $"must not have more than {MaxNameServers} nameservers");
        }

        for (var i = 0; i < servers.Count; i++)
        {
            errors.Invalid(path.Child("nameservers").Index(i), servers[i], NameRules.IpAddress(servers[i]));
        }

        var searches = config.Searches ?? [];
        if (searches.Count > MaxSearchPaths)
        {
            errors.Invalid(path.Child("searches"), searches, $"must not have more than {MaxSearchPaths} search paths");
        }

        if (string.Join(' ', searches).Length > MaxSearchCharacters)
        {
            errors.Invalid(path.Child("searches"), searches, $"must not have more than {MaxSearchCharacters} characters (including spaces) in the search list");
        }

        for (var i = 0; i < searches.Count; i++)
        {
            if (searches[i] != ".")
            {
                var domain = searches[i].EndsWith('.') ? searches[i][..^1] : searches[i];

                // Underscores are allowed here, unlike in the names of objects.
                errors.Invalid(path.Child("searches").Index(i), domain, NameRules.Dns1123Subdomain(domain.Replace('_', 'a')));
            }
        }

        for (var i = 0; i < (config.Options?.Count ?? 0); i++)
        {
            if (string.IsNullOrEmpty(config.Options![i].Name))
            {
                errors.Required(path.Child("options").Index(i), "must not be empty");
            }
        }
    }

    private static void ValidateOs(V1PodOS? os, FieldPath path, FieldErrors errors)
    {
        if (os is null)
        {
            return;
        }

        if (string.IsNullOrEmpty(os.Name))
        {
            errors.Required(path.Child("name"), "cannot be empty");
        }
        else if (os.Name is not ("linux" or "windows"))
        {
            errors.NotSupported(path, os.Name, "linux", "windows");
        }
    }
}
