using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Services;

/// <summary>
/// The strategy of services; addresses and node ports are given out elsewhere. Source: https://kubernetes.io/docs/concepts/services-networking/service/
/// </summary>
internal sealed class ServiceStrategy : Strategy<V1Service>
{
    private const int AffinitySeconds = 10800;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("serviceColumnDefinitions");

    /// <inheritdoc/>
    public override IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.Dns1123Label(prefix ? MaskTrailingDash(name) : name);

    /// <inheritdoc/>
    protected override void Default(V1Service value)
    {
        var spec = value.Spec ??= new V1ServiceSpec();
        value.Status ??= new V1ServiceStatus();
        value.Status.LoadBalancer ??= new V1LoadBalancerStatus();
        spec.SessionAffinity = PodSpecDefaults.Or(spec.SessionAffinity, "None");
        if (spec.SessionAffinity == "None")
        {
            spec.SessionAffinityConfig = null;
        }
        else if (spec.SessionAffinity == "ClientIP" && spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds is null)
        {
            spec.SessionAffinityConfig = new V1SessionAffinityConfig { ClientIP = new V1ClientIPConfig { TimeoutSeconds = AffinitySeconds } };
        }

        spec.Type = PodSpecDefaults.Or(spec.Type, "ClusterIP");
        foreach (var port in spec.Ports ?? [])
        {
            port.Protocol = PodSpecDefaults.Or(port.Protocol, "TCP");
            port.NodePort = port.NodePort is 0 ? null : port.NodePort;
            if (port.TargetPort?.Value is null or "" or "0")
            {
                port.TargetPort = port.Port;
            }
        }

        if (ServiceRules.IsExternallyAccessible(spec))
        {
            spec.ExternalTrafficPolicy = PodSpecDefaults.Or(spec.ExternalTrafficPolicy, "Cluster");
        }

        if (spec.Type is "ClusterIP" or "NodePort" or "LoadBalancer")
        {
            spec.InternalTrafficPolicy ??= "Cluster";
        }

        spec.PublishNotReadyAddresses = PodSpecDefaults.TrueOrNull(spec.PublishNotReadyAddresses);
        spec.HealthCheckNodePort = spec.HealthCheckNodePort is 0 ? null : spec.HealthCheckNodePort;
        if (spec.Type == "LoadBalancer")
        {
            spec.AllocateLoadBalancerNodePorts ??= true;
            foreach (var ingress in value.Status.LoadBalancer.Ingress ?? [])
            {
                ingress.IpMode ??= string.IsNullOrEmpty(ingress.Ip) ? null : "VIP";
            }
        }

        // The single address and the list of addresses always say the same.
        if (!string.IsNullOrEmpty(spec.ClusterIP) && spec.ClusterIPs is null or { Count: 0 })
        {
            spec.ClusterIPs = [spec.ClusterIP];
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1Service value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1ServiceStatus { LoadBalancer = new V1LoadBalancerStatus() };
        if (string.IsNullOrEmpty(value.Spec.ClusterIP) && value.Spec.ClusterIPs is { Count: > 0 } addresses)
        {
            value.Spec.ClusterIP = addresses[0];
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForUpdate(V1Service value, V1Service old)
    {
        base.PrepareForUpdate(value, old);
        ServiceRules.DropWhatTheNewTypeLacks(value.Spec, old.Spec);
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Service value)
    {
        var errors = new FieldErrors();
        ServiceRules.Validate(value.Spec, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1Service value, V1Service old)
    {
        var errors = new FieldErrors();
        ServiceRules.ValidateAddressChange(value.Spec, old.Spec, errors);
        ServiceRules.Validate(value.Spec, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1Service value, V1Service old)
    {
        var errors = new FieldErrors();
        var path = FieldPath.Status.Child("loadBalancer").Child("ingress");
        if (value.Spec.Type != "LoadBalancer" && value.Status?.LoadBalancer?.Ingress is { Count: > 0 })
        {
            errors.Forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'");
            return errors;
        }

        for (var i = 0; i < (value.Status?.LoadBalancer?.Ingress?.Count ?? 0); i++)
        {
            var ingress = value.Status!.LoadBalancer.Ingress![i];
            if (!string.IsNullOrEmpty(ingress.Ip))
            {
                errors.Invalid(path.Index(i).Child("ip"), ingress.Ip, NameRules.IpAddress(ingress.Ip));
            }

            if (!string.IsNullOrEmpty(ingress.Hostname))
            {
                errors.Invalid(path.Index(i).Child("hostname"), ingress.Hostname, NameRules.Dns1123Subdomain(ingress.Hostname));
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Service value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        value.Spec?.Type ?? "",
        Tables.OrNone(value.Spec?.ClusterIPs is { Count: > 0 } addresses ? addresses[0] : value.Spec?.ClusterIP),
        ServicePrinter.ExternalAddress(value),
        Tables.OrNone(ServicePrinter.Ports(value.Spec)),
        Age(value.Metadata, now),
        Tables.Labels(value.Spec?.Selector),
    ];
}
