using System.Net;
using k8s.Models;

namespace ActorKube.ApiServer.Services;

/// <summary>The ServiceCIDR <c>kubernetes</c>, which says where Services get their addresses from. Source: https://kubernetes.io/docs/reference/networking/virtual-ips/#ip-address-objects</summary>
internal static class DefaultServiceCidr
{
    private const string Name = "kubernetes";
    private const string Finalizer = "networking.k8s.io/service-cidr-finalizer";
    private const string Ready = "Ready";

    /// <summary>The object for a range. The finalizer keeps it while the server hands out of the range, which is always.</summary>
    public static V1ServiceCIDR Of(IPNetwork range, DateTimeOffset now) => new()
    {
        Metadata = new V1ObjectMeta { Name = Name, Finalizers = [Finalizer] },
        Spec = new V1ServiceCIDRSpec { Cidrs = [range.ToString()] },
        Status = new V1ServiceCIDRStatus
        {
            Conditions = [new V1Condition { Type = Ready, Status = "True", Reason = "", Message = "Kubernetes Service CIDR is ready", LastTransitionTime = now.UtcDateTime }],
        },
    };

    /// <summary>Says of the range that is there that it is ready; false where that is said already.</summary>
    public static bool BecomeReady(V1ServiceCIDR current, V1ServiceCIDR wanted)
    {
        if (current.Status?.Conditions?.Any(c => c.Type == Ready) is true)
        {
            return false;
        }

        current.Status = wanted.Status;
        return true;
    }
}
