using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Cluster;

/// <summary>The strategy of namespaces. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/</summary>
internal sealed class NamespaceStrategy : Strategy<V1Namespace>
{
    private const string NameLabel = "kubernetes.io/metadata.name";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("namespaceColumnDefinitions");

    /// <inheritdoc/>
    public override IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.Dns1123Label(prefix ? MaskTrailingDash(name) : name);

    /// <inheritdoc/>
    protected override void Default(V1Namespace value)
    {
        value.Spec ??= new V1NamespaceSpec();
        value.Status ??= new V1NamespaceStatus();
        value.Status.Phase ??= "Active";
        if (!string.IsNullOrEmpty(value.Metadata.Name))
        {
            value.Metadata.Labels ??= new Dictionary<string, string>();
            value.Metadata.Labels[NameLabel] = value.Metadata.Name;
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1Namespace value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1NamespaceStatus { Phase = "Active" };

        // The namespace stays until the namespace controller has emptied it and takes this away.
        value.Spec ??= new V1NamespaceSpec();
        if (value.Spec.Finalizers?.Contains("kubernetes") is not true)
        {
            value.Spec.Finalizers = [.. value.Spec.Finalizers ?? [], "kubernetes"];
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForUpdate(V1Namespace value, V1Namespace old)
    {
        base.PrepareForUpdate(value, old);
        value.Spec ??= new V1NamespaceSpec();
        value.Spec.Finalizers = old.Spec?.Finalizers;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Namespace value)
    {
        var errors = new FieldErrors();
        var path = FieldPath.Spec.Child("finalizers");
        foreach (var finalizer in value.Spec?.Finalizers ?? [])
        {
            ObjectMetaRules.ValidateFinalizer(finalizer, path, path, errors);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1Namespace value, V1Namespace old)
    {
        var errors = new FieldErrors();
        var (expected, when) = value.Metadata.DeletionTimestamp is null ? ("Active", "empty") : ("Terminating", "not empty");
        if (value.Status?.Phase != expected)
        {
            errors.Invalid(FieldPath.Status.Child("Phase"), value.Status?.Phase ?? "", $"may only be '{expected}' if `deletionTimestamp` is {when}");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Namespace value, DateTimeOffset now) => [value.Metadata.Name, value.Status?.Phase ?? "", Age(value.Metadata, now)];
}
