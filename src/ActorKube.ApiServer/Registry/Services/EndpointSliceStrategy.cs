using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Services;

/// <summary>The strategy of endpoint slices. Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/</summary>
internal sealed class EndpointSliceStrategy : Strategy<V1EndpointSlice>
{
    private const int MaxEndpoints = 1000;
    private const int MaxAddresses = 100;
    private const int MaxPorts = 20000;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("endpointSliceColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1EndpointSlice value)
    {
        value.Endpoints ??= [];
        value.Ports ??= [];
        foreach (var endpoint in value.Endpoints)
        {
            endpoint.Conditions ??= new V1EndpointConditions();
        }

        foreach (var port in value.Ports)
        {
            port.Name ??= "";
            port.Protocol ??= "TCP";
        }
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1EndpointSlice value)
    {
        var errors = new FieldErrors();
        errors.OneOf(FieldPath.Of("addressType"), value.AddressType, "FQDN", "IPv4", "IPv6");
        ValidateEndpoints(value, FieldPath.Of("endpoints"), errors);
        ValidatePorts(value.Ports ?? [], FieldPath.Of("ports"), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1EndpointSlice value, V1EndpointSlice old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Of("addressType"), value.AddressType, old.AddressType);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1EndpointSlice value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        value.AddressType,
        Ports(value.Ports),
        value.Endpoints is { Count: > 0 } ? Tables.Some([.. value.Endpoints.Where(e => e.Addresses is { Count: > 0 }).Select(e => e.Addresses[0])], 3) : "<unset>",
        Age(value.Metadata, now),
    ];

    private static string Ports(IList<Discoveryv1EndpointPort>? ports) => ports is not { Count: > 0 }
        ? "<unset>"
        : Tables.Some([.. ports.Select(p => p.Port is { } number ? number.ToString(CultureInfo.InvariantCulture) : string.IsNullOrEmpty(p.Name) ? "*" : p.Name)], 3);

    private static void ValidateEndpoints(V1EndpointSlice slice, FieldPath path, FieldErrors errors)
    {
        var endpoints = slice.Endpoints ?? [];
        if (endpoints.Count > MaxEndpoints)
        {
            errors.TooMany(path, endpoints.Count, MaxEndpoints);
            return;
        }

        for (var i = 0; i < endpoints.Count; i++)
        {
            var (endpoint, at) = (endpoints[i], path.Index(i));
            var addresses = endpoint.Addresses ?? [];
            if (addresses.Count == 0)
            {
                errors.Required(at.Child("addresses"), "must contain at least 1 address");
            }
            else if (addresses.Count > MaxAddresses)
            {
                errors.TooMany(at.Child("addresses"), addresses.Count, MaxAddresses);
            }

            for (var a = 0; a < addresses.Count; a++)
            {
                ValidateAddress(addresses[a], slice.AddressType, at.Child("addresses").Index(a), errors);
            }

            if (!string.IsNullOrEmpty(endpoint.NodeName))
            {
                errors.Invalid(at.Child("nodeName"), endpoint.NodeName, NameRules.Dns1123Subdomain(endpoint.NodeName));
            }

            if (endpoint.DeprecatedTopology is { Count: > 0 } topology)
            {
                ObjectMetaRules.ValidateLabels(topology, at.Child("deprecatedTopology"), errors);
            }

            if (!string.IsNullOrEmpty(endpoint.Hostname))
            {
                errors.Invalid(at.Child("hostname"), endpoint.Hostname, NameRules.Dns1123Label(endpoint.Hostname));
            }
        }
    }

    private static void ValidateAddress(string address, string? type, FieldPath path, FieldErrors errors)
    {
        switch (type)
        {
            case "IPv4":
                if (!IpText.TryParse(address, out _) || IpText.IsV6(address))
                {
                    errors.Invalid(path, address, "must be an IPv4 address");
                }

                ServiceRules.ValidateOrdinaryAddress(address, path, errors);
                break;
            case "IPv6":
                if (!IpText.IsV6(address))
                {
                    errors.Invalid(path, address, "must be an IPv6 address");
                }

                ServiceRules.ValidateOrdinaryAddress(address, path, errors);
                break;
            case "FQDN":
                errors.Invalid(path, address, NameRules.Dns1123Subdomain(address));
                break;
        }
    }

    private static void ValidatePorts(IList<Discoveryv1EndpointPort> ports, FieldPath path, FieldErrors errors)
    {
        if (ports.Count > MaxPorts)
        {
            errors.TooMany(path, ports.Count, MaxPorts);
            return;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            var (port, at) = (ports[i], path.Index(i));
            if (!string.IsNullOrEmpty(port.Name))
            {
                errors.Invalid(at.Child("name"), port.Name, NameRules.Dns1123Label(port.Name));
            }

            if (!names.Add(port.Name ?? ""))
            {
                errors.Duplicate(at.Child("name"), port.Name ?? "");
            }

            errors.OneOf(at.Child("protocol"), port.Protocol, "SCTP", "TCP", "UDP");
            if (port.Port is { } number)
            {
                errors.Invalid(at.Child("port"), number, NameRules.PortNumber(number));
            }

            if (port.AppProtocol is not null)
            {
                errors.Invalid(at.Child("appProtocol"), port.AppProtocol, NameRules.QualifiedName(port.AppProtocol));
            }
        }
    }
}
