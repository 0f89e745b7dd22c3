using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Networking;

/// <summary>The strategy of ingresses. Source: https://kubernetes.io/docs/concepts/services-networking/ingress/</summary>
internal sealed class IngressStrategy : Strategy<V1Ingress>
{
    private const int ShownHosts = 3;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("ingressColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1Ingress value)
    {
        value.Spec ??= new V1IngressSpec();
        value.Status ??= new V1IngressStatus();
        value.Status.LoadBalancer ??= new V1IngressLoadBalancerStatus();
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1Ingress value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1IngressStatus { LoadBalancer = new V1IngressLoadBalancerStatus() };
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Ingress value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        if (spec.Rules is null or { Count: 0 } && spec.DefaultBackend is null)
        {
            errors.Invalid(path, spec.Rules, "either `defaultBackend` or `rules` must be specified");
        }

        if (spec.DefaultBackend is not null)
        {
            ValidateBackend(spec.DefaultBackend, path.Child("defaultBackend"), errors);
        }

        for (var i = 0; i < (spec.Rules?.Count ?? 0); i++)
        {
            ValidateRule(spec.Rules![i], path.Child("rules").Index(i), errors);
        }

        for (var i = 0; i < (spec.Tls?.Count ?? 0); i++)
        {
            for (var h = 0; h < (spec.Tls![i].Hosts?.Count ?? 0); h++)
            {
                ValidateHost(spec.Tls[i].Hosts[h], path.Child("tls").Index(i).Child("hosts").Index(h), errors);
            }
        }

        if (!string.IsNullOrEmpty(spec.IngressClassName))
        {
            errors.Invalid(path.Child("ingressClassName"), spec.IngressClassName, NameRules.Dns1123Subdomain(spec.IngressClassName));
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Ingress value, DateTimeOffset now)
    {
        var hosts = (value.Spec?.Rules ?? []).Select(r => r.Host).Where(h => !string.IsNullOrEmpty(h)).ToList();
        var addresses = (value.Status?.LoadBalancer?.Ingress ?? []).Select(i => string.IsNullOrEmpty(i.Ip) ? i.Hostname : i.Ip).Where(a => !string.IsNullOrEmpty(a));
        return
        [
            value.Metadata.Name,
            Tables.OrNone(value.Spec?.IngressClassName),
            hosts.Count == 0 ? "*" : Tables.Some(hosts, ShownHosts),
            string.Join(',', addresses),
            value.Spec?.Tls is { Count: > 0 } ? "80, 443" : "80",
            Age(value.Metadata, now),
        ];
    }

    private static void ValidateRule(V1IngressRule rule, FieldPath path, FieldErrors errors)
    {
        if (!string.IsNullOrEmpty(rule.Host))
        {
            if (IpText.TryParse(rule.Host, out _))
            {
                errors.Invalid(path.Child("host"), rule.Host, "must be a DNS name, not an IP address");
            }

            ValidateHost(rule.Host, path.Child("host"), errors);
        }

        if (rule.Http is null)
        {
            return;
        }

        var paths = path.Child("http").Child("paths");
        if (rule.Http.Paths is null or { Count: 0 })
        {
            errors.Required(paths);
        }

        for (var i = 0; i < (rule.Http.Paths?.Count ?? 0); i++)
        {
            var (item, at) = (rule.Http.Paths![i], paths.Index(i));
            if (string.IsNullOrEmpty(item.PathType))
            {
                errors.Required(at.Child("pathType"), "pathType must be specified");
            }
            else
            {
                errors.OneOf(at.Child("pathType"), item.PathType, "Exact", "ImplementationSpecific", "Prefix");
            }

            if (item.PathType is "Exact" or "Prefix" ? item.Path?.StartsWith('/') is not true : item.Path is { Length: > 0 } text && text[0] != '/')
            {
                errors.Invalid(at.Child("path"), item.Path ?? "", "must be an absolute path");
            }

            ValidateBackend(item.Backend ?? new V1IngressBackend(), at.Child("backend"), errors);
        }
    }

    private static void ValidateHost(string host, FieldPath path, FieldErrors errors) =>
        errors.Invalid(path, host, host.Contains('*') ? NameRules.WildcardDns1123Subdomain(host) : NameRules.Dns1123Subdomain(host));

    private static void ValidateBackend(V1IngressBackend backend, FieldPath path, FieldErrors errors)
    {
        if (backend.Resource is not null && backend.Service is not null)
        {
            errors.Invalid(path, "", "cannot set both resource and service backends");
            return;
        }

        if (backend.Resource is not null)
        {
            return;
        }

        if (backend.Service is null)
        {
            errors.Required(path, "resource or service backend is required");
            return;
        }

        var at = path.Child("service");
        if (string.IsNullOrEmpty(backend.Service.Name))
        {
            errors.Required(at.Child("name"));
        }
        else
        {
            errors.Invalid(at.Child("name"), backend.Service.Name, NameRules.Dns1035Label(backend.Service.Name));
        }

        var (name, number) = (backend.Service.Port?.Name, backend.Service.Port?.Number ?? 0);
        if (!string.IsNullOrEmpty(name) && number != 0)
        {
            errors.Invalid(path, "", "cannot set both port name & port number");
        }
        else if (!string.IsNullOrEmpty(name))
        {
            errors.Invalid(at.Child("port").Child("name"), name, NameRules.PortName(name));
        }
        else if (number != 0)
        {
            errors.Invalid(at.Child("port").Child("number"), number, NameRules.PortNumber(number));
        }
        else
        {
            errors.Required(path, "port name or number is required");
        }
    }
}
