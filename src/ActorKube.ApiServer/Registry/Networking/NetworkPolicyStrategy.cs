using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Networking;

/// <summary>The strategy of network policies. Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/</summary>
internal sealed class NetworkPolicyStrategy : Strategy<V1NetworkPolicy>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("networkPolicyColumnDefinitioins");

    /// <inheritdoc/>
    protected override void Default(V1NetworkPolicy value)
    {
        var spec = value.Spec ??= new V1NetworkPolicySpec();
        spec.PodSelector ??= new V1LabelSelector();
        if (spec.PolicyTypes is null or { Count: 0 })
        {
            spec.PolicyTypes = spec.Egress is { Count: > 0 } ? ["Ingress", "Egress"] : ["Ingress"];
        }

        foreach (var port in (spec.Ingress ?? []).SelectMany(r => r.Ports ?? []).Concat((spec.Egress ?? []).SelectMany(r => r.Ports ?? [])))
        {
            port.Protocol = PodSpecDefaults.Or(port.Protocol, "TCP");
        }
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1NetworkPolicy value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        ObjectMetaRules.ValidateLabelSelector(spec.PodSelector, path.Child("podSelector"), errors);
        for (var i = 0; i < (spec.Ingress?.Count ?? 0); i++)
        {
            ValidateRule(spec.Ingress![i].Ports, spec.Ingress[i].FromProperty, path.Child("ingress").Index(i), "from", errors);
        }

        for (var i = 0; i < (spec.Egress?.Count ?? 0); i++)
        {
            ValidateRule(spec.Egress![i].Ports, spec.Egress[i].To, path.Child("egress").Index(i), "to", errors);
        }

        foreach (var (type, i) in (spec.PolicyTypes ?? []).Select((t, i) => (t, i)))
        {
            if (type is not ("Ingress" or "Egress"))
            {
                errors.NotSupported(path.Child("policyTypes").Index(i), type, "Egress", "Ingress");
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1NetworkPolicy value, DateTimeOffset now) =>
        [value.Metadata.Name, LabelSelector.Format(value.Spec?.PodSelector), Age(value.Metadata, now)];

    private static void ValidateRule(IList<V1NetworkPolicyPort>? ports, IList<V1NetworkPolicyPeer>? peers, FieldPath path, string peerField, FieldErrors errors)
    {
        for (var i = 0; i < (ports?.Count ?? 0); i++)
        {
            var (port, at) = (ports![i], path.Child("ports").Index(i));
            errors.OneOf(at.Child("protocol"), port.Protocol, "SCTP", "TCP", "UDP");
            if (port.Port is not null)
            {
                ProbeValidation.ValidatePort(port.Port, at.Child("port"), errors);
            }
            else if (port.EndPort is not null)
            {
                errors.Required(at.Child("port"), "must be specified when endPort is specified");
            }
        }

        for (var i = 0; i < (peers?.Count ?? 0); i++)
        {
            var (peer, at) = (peers![i], path.Child(peerField).Index(i));
            ObjectMetaRules.ValidateLabelSelector(peer.PodSelector, at.Child("podSelector"), errors);
            ObjectMetaRules.ValidateLabelSelector(peer.NamespaceSelector, at.Child("namespaceSelector"), errors);
            if (peer.PodSelector is null && peer.NamespaceSelector is null && peer.IpBlock is null)
            {
                errors.Required(at, "must specify a peer");
            }
            else if (peer.IpBlock is not null && (peer.PodSelector is not null || peer.NamespaceSelector is not null))
            {
                errors.Forbidden(at, "may not specify both ipBlock and another peer");
            }

            if (peer.IpBlock is { } block && !IpText.TryParseRange(block.Cidr, out _, out _))
            {
                errors.Invalid(at.Child("ipBlock").Child("cidr"), block.Cidr ?? "", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
            }
        }
    }
}
