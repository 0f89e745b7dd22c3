using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Networking;

/// <summary>The strategy of ranges of Service addresses. Source: https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/</summary>
internal sealed class ServiceCidrStrategy : Strategy<V1ServiceCIDR>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("serviceCIDRColumnDefinitions");

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ServiceCIDR value)
    {
        var errors = new FieldErrors();
        var (cidrs, path) = (value.Spec?.Cidrs ?? [], FieldPath.Spec.Child("cidrs"));
        if (cidrs.Count == 0)
        {
            errors.Required(path, "at least one CIDR required");
        }
        else if (cidrs.Count > 2)
        {
            errors.Invalid(path, cidrs, "may only hold up to 2 values");
        }
        else if (cidrs.Count == 2 && IpText.TryParseRange(cidrs[0], out var first, out _) && IpText.TryParseRange(cidrs[1], out var second, out _) && first.AddressFamily == second.AddressFamily)
        {
            errors.Invalid(path, cidrs, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64");
        }

        for (var i = 0; i < cidrs.Count; i++)
        {
            if (!IpText.TryParseRange(cidrs[i], out _, out _))
            {
                errors.Invalid(path.Index(i), cidrs[i], "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1ServiceCIDR value, V1ServiceCIDR old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        // A range of one family may be joined by one of the other, and nothing else may change.
        var (now, before) = (value.Spec?.Cidrs ?? [], old.Spec?.Cidrs ?? []);
        if (!(before.Count == 1 && now.Count == 2 && now[0] == before[0]))
        {
            errors.Unchanged(FieldPath.Spec.Child("cidrs"), now, before);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ServiceCIDR value, DateTimeOffset now) =>
        [value.Metadata.Name, string.Join(',', value.Spec?.Cidrs ?? []), Age(value.Metadata, now)];
}
