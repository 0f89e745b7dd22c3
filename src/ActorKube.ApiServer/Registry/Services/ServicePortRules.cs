using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Services;

/// <summary>The rules of a service's ports.</summary>
internal static class ServicePortRules
{
    public static void Validate(V1ServiceSpec spec, FieldPath path, FieldErrors errors)
    {
        var ports = spec.Ports ?? [];
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            var (port, at) = (ports[i], path.Index(i));
            if (!string.IsNullOrEmpty(port.Name))
            {
                errors.Invalid(at.Child("name"), port.Name, NameRules.Dns1123Label(port.Name));
                if (!names.Add(port.Name))
                {
                    errors.Duplicate(at.Child("name"), port.Name);
                }
            }
            else if (ports.Count > 1)
            {
                errors.Required(at.Child("name"));
            }

            errors.Invalid(at.Child("port"), port.Port, NameRules.PortNumber(port.Port));
            errors.OneOf(at.Child("protocol"), port.Protocol, "SCTP", "TCP", "UDP");
            ProbeValidation.ValidatePort(port.TargetPort, at.Child("targetPort"), errors);
            if (port.AppProtocol is not null)
            {
                errors.Invalid(at.Child("appProtocol"), port.AppProtocol, NameRules.QualifiedName(port.AppProtocol));
            }

            if (port.NodePort is not (null or 0) && spec.Type == "ClusterIP")
            {
                errors.Forbidden(at.Child("nodePort"), "may not be used when `type` is 'ClusterIP'");
            }
        }

        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[i];
            if (port.NodePort is not (null or 0) && ports.Take(i).Any(p => p.NodePort == port.NodePort && p.Protocol == port.Protocol))
            {
                errors.Duplicate(path.Index(i).Child("nodePort"), port.NodePort);
            }
        }

        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[i];
            if (ports.Take(i).Any(p => p.Port == port.Port && p.Protocol == port.Protocol))
            {
                errors.Duplicate(path.Index(i), new V1ServicePort { Port = port.Port, Protocol = port.Protocol });
            }
        }
    }
}
