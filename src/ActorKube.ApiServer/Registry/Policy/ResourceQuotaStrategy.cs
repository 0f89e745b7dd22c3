using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Policy;

/// <summary>The strategy of resource quotas. Source: https://kubernetes.io/docs/concepts/policy/resource-quotas/</summary>
internal sealed class ResourceQuotaStrategy : Strategy<V1ResourceQuota>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("resourceQuotaColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1ResourceQuota value)
    {
        value.Spec ??= new V1ResourceQuotaSpec();
        value.Status ??= new V1ResourceQuotaStatus();
        PodSpecDefaults.RoundUp(value.Spec.Hard);
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1ResourceQuota value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1ResourceQuotaStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ResourceQuota value)
    {
        var errors = new FieldErrors();
        foreach (var (name, amount) in value.Spec.Hard ?? new Dictionary<string, ResourceQuantity>())
        {
            var path = FieldPath.Spec.Child("hard").Key(name);
            var wrong = NameRules.QualifiedName(name);
            errors.Invalid(path, name, wrong);
            if (wrong.Count == 0 && QuotaScopeRules.WrongName(name) is { } nonstandard)
            {
                errors.Invalid(path, name, nonstandard);
            }

            ResourceValidation.ValidateAmount(name, Quantity.From(amount), path, errors);
        }

        QuotaScopeRules.Validate(value.Spec, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1ResourceQuota value, V1ResourceQuota old)
    {
        var errors = new FieldErrors();
        errors.AddRange(ValidateCreate(value));
        if (!(value.Spec.Scopes ?? []).Order(StringComparer.Ordinal).SequenceEqual((old.Spec.Scopes ?? []).Order(StringComparer.Ordinal)))
        {
            errors.Invalid(FieldPath.Spec.Child("scopes"), value.Spec.Scopes, FieldErrors.Immutable);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1ResourceQuota value, V1ResourceQuota old)
    {
        var errors = new FieldErrors();
        foreach (var (field, amounts) in new[] { ("hard", value.Status?.Hard), ("used", value.Status?.Used) })
        {
            foreach (var (name, amount) in amounts ?? new Dictionary<string, ResourceQuantity>())
            {
                var path = FieldPath.Status.Child(field).Key(name);
                errors.Invalid(path, name, NameRules.QualifiedName(name));
                ResourceValidation.ValidateAmount(name, Quantity.From(amount), path, errors);
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ResourceQuota value, DateTimeOffset now)
    {
        var (requests, limits) = (new List<string>(), new List<string>());
        foreach (var name in (value.Status?.Hard?.Keys ?? []).Order(StringComparer.Ordinal))
        {
            var text = $"{name}: {Quantity.From(value.Status!.Used, name)}/{Quantity.From(value.Status.Hard, name)}";
            (name.StartsWith("limits", StringComparison.Ordinal) ? limits : requests).Add(text);
        }

        return [value.Metadata.Name, string.Join(", ", requests), string.Join(", ", limits), Age(value.Metadata, now)];
    }
}
