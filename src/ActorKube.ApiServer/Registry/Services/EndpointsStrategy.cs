using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Services;

/// <summary>The strategy of endpoints, the older form of endpoint slices. Source: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/</summary>
internal sealed class EndpointsStrategy : Strategy<V1Endpoints>
{
    private const int Shown = 3;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("endpointColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1Endpoints value)
    {
        foreach (var port in (value.Subsets ?? []).SelectMany(s => s.Ports ?? []))
        {
            port.Protocol = PodSpecDefaults.Or(port.Protocol, "TCP");
        }
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Endpoints value)
    {
        var errors = new FieldErrors();
        for (var i = 0; i < (value.Subsets?.Count ?? 0); i++)
        {
            var (subset, at) = (value.Subsets![i], FieldPath.Of("subsets").Index(i));
            if (subset.Addresses is null or { Count: 0 } && subset.NotReadyAddresses is null or { Count: 0 })
            {
                errors.Required(at, "must specify `addresses` or `notReadyAddresses`");
            }

            ValidateAddresses(subset.Addresses, at.Child("addresses"), errors);
            ValidateAddresses(subset.NotReadyAddresses, at.Child("notReadyAddresses"), errors);
            for (var p = 0; p < (subset.Ports?.Count ?? 0); p++)
            {
                var (port, path) = (subset.Ports![p], at.Child("ports").Index(p));
                if (!string.IsNullOrEmpty(port.Name))
                {
                    errors.Invalid(path.Child("name"), port.Name, NameRules.Dns1123Label(port.Name));
                }
                else if (subset.Ports.Count > 1)
                {
                    errors.Required(path.Child("name"));
                }

                errors.Invalid(path.Child("port"), port.Port, NameRules.PortNumber(port.Port));
                errors.OneOf(path.Child("protocol"), port.Protocol, "SCTP", "TCP", "UDP");
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Endpoints value, DateTimeOffset now)
    {
        var all = (value.Subsets ?? []).SelectMany(s => s.Ports is { Count: > 0 }
            ? s.Ports.SelectMany(p => (s.Addresses ?? []).Select(a => Join(a.Ip, p.Port)))
            : (s.Addresses ?? []).Select(a => a.Ip)).ToList();
        return [value.Metadata.Name, Tables.Some(all, Shown), Age(value.Metadata, now)];
    }

    private static string Join(string address, int port) =>
        address.Contains(':') ? string.Create(CultureInfo.InvariantCulture, $"[{address}]:{port}") : string.Create(CultureInfo.InvariantCulture, $"{address}:{port}");

    private static void ValidateAddresses(IList<V1EndpointAddress>? addresses, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (addresses?.Count ?? 0); i++)
        {
            var (address, at) = (addresses![i], path.Index(i));
            errors.Invalid(at.Child("ip"), address.Ip ?? "", NameRules.IpAddress(address.Ip ?? ""));
            if (!string.IsNullOrEmpty(address.Hostname))
            {
                errors.Invalid(at.Child("hostname"), address.Hostname, NameRules.Dns1123Label(address.Hostname));
            }

            ServiceRules.ValidateOrdinaryAddress(address.Ip ?? "", at.Child("ip"), errors);
        }
    }
}
