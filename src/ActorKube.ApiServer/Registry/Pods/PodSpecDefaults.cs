using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>
/// What Kubernetes fills into every pod spec, in a pod and in a template alike.
/// Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
/// </summary>
internal static class PodSpecDefaults
{
    /// <summary>Fills unset fields.</summary>
    public static void Apply(V1PodSpec spec)
    {
        spec.RestartPolicy = Or(spec.RestartPolicy, "Always");
        spec.DnsPolicy = Or(spec.DnsPolicy, "ClusterFirst");
        spec.SchedulerName = Or(spec.SchedulerName, "default-scheduler");
        spec.TerminationGracePeriodSeconds ??= 30;
        spec.SecurityContext ??= new V1PodSecurityContext();

        // The old name of the field always shows what the new one says.
        spec.ServiceAccountName = Or(spec.ServiceAccountName, spec.ServiceAccount);
        spec.ServiceAccount = spec.ServiceAccountName;

        // Kubernetes leaves these out when they are false.
        spec.HostNetwork = TrueOrNull(spec.HostNetwork);
        spec.HostPID = TrueOrNull(spec.HostPID);
        spec.HostIPC = TrueOrNull(spec.HostIPC);
        RoundUp(spec.Overhead);
        RoundUp(spec.Resources?.Limits);
        RoundUp(spec.Resources?.Requests);

        foreach (var container in spec.Containers ?? [])
        {
            ContainerDefaults.Apply(container);
        }

        foreach (var container in spec.InitContainers ?? [])
        {
            ContainerDefaults.Apply(container);
        }

        foreach (var container in spec.EphemeralContainers ?? [])
        {
            ContainerDefaults.Apply(container);
        }

        foreach (var volume in spec.Volumes ?? [])
        {
            VolumeDefaults.Apply(volume);
        }
    }

    /// <summary>Fills a template. A template without metadata or spec gets empty ones, as Kubernetes shows it.</summary>
    public static V1PodTemplateSpec Apply(V1PodTemplateSpec? template)
    {
        template ??= new V1PodTemplateSpec();
        template.Metadata ??= new V1ObjectMeta();
        template.Spec ??= new V1PodSpec();
        Apply(template.Spec);
        return template;
    }

    /// <summary>Rounds amounts up to thousandths; nothing finer is kept.</summary>
    public static void RoundUp(IDictionary<string, ResourceQuantity>? list)
    {
        if (list is null)
        {
            return;
        }

        foreach (var (name, amount) in list.ToArray())
        {
            var exact = Quantity.From(amount);
            var rounded = exact.RoundUpToMilli();
            if (rounded != exact)
            {
                list[name] = rounded.ToResourceQuantity();
            }
        }
    }

    internal static string? Or(string? value, string? otherwise) => string.IsNullOrEmpty(value) ? otherwise : value;

    internal static bool? TrueOrNull(bool? value) => value is true ? true : null;
}
