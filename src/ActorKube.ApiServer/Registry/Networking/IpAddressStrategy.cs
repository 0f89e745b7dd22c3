using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Networking;

/// <summary>The strategy of addresses that Services have been given. Source: https://kubernetes.io/docs/reference/networking/virtual-ips/</summary>
internal sealed class IpAddressStrategy : Strategy<V1IPAddress>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("ipAddressColumnDefinitions");

    /// <inheritdoc/>
    public override IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.IpAddress(name);

    /// <inheritdoc/>
    protected override void Default(V1IPAddress value)
    {
        // The core group, which Kubernetes leaves out.
        if (value.Spec?.ParentRef is { Group: "" } parent)
        {
            parent.Group = null;
        }
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1IPAddress value)
    {
        var errors = new FieldErrors();
        var path = FieldPath.Spec.Child("parentRef");
        if (value.Spec?.ParentRef is not { } parent)
        {
            errors.Required(path);
            return errors;
        }

        if (!string.IsNullOrEmpty(parent.Group))
        {
            errors.Invalid(path.Child("group"), parent.Group, NameRules.Dns1123Subdomain(parent.Group));
        }

        if (string.IsNullOrEmpty(parent.Resource))
        {
            errors.Required(path.Child("resource"));
        }
        else
        {
            errors.Invalid(path.Child("resource"), parent.Resource, NameRules.PathSegment(parent.Resource));
        }

        if (string.IsNullOrEmpty(parent.Name))
        {
            errors.Required(path.Child("name"));
        }
        else
        {
            errors.Invalid(path.Child("name"), parent.Name, NameRules.PathSegment(parent.Name));
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1IPAddress value, V1IPAddress old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec.Child("parentRef"), value.Spec?.ParentRef, old.Spec?.ParentRef);
        return errors;
    }

    private static string Shown(V1ParentReference? parent) => parent is null
        ? Tables.None
        : string.Join('/', new[] { string.IsNullOrEmpty(parent.Group) ? parent.Resource : $"{parent.Resource}.{parent.Group}", parent.NamespaceProperty, parent.Name }.Where(p => !string.IsNullOrEmpty(p)));

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1IPAddress value, DateTimeOffset now) =>
        [value.Metadata.Name, Shown(value.Spec?.ParentRef)];
}
