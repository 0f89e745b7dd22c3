using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>CustomResourceDefinitions: their defaults, their rules, and which versions objects may still be stored in.</summary>
public sealed class CustomResourceDefinitionStrategy : Strategy<V1CustomResourceDefinition>
{
    /// <inheritdoc/>
    protected override void Default(V1CustomResourceDefinition value)
    {
        value.Spec ??= new V1CustomResourceDefinitionSpec();
        value.Spec.Names ??= new V1CustomResourceDefinitionNames();
        value.Spec.Versions ??= [];
        var names = value.Spec.Names;
        if (string.IsNullOrEmpty(names.Singular))
        {
            names.Singular = names.Kind?.ToLowerInvariant();
        }

        if (string.IsNullOrEmpty(names.ListKind) && !string.IsNullOrEmpty(names.Kind))
        {
            names.ListKind = names.Kind + "List";
        }

        value.Spec.Conversion ??= new V1CustomResourceConversion { Strategy = "None" };
        if (value.Spec.Conversion.Webhook?.ClientConfig?.Service is { Port: null } service)
        {
            service.Port = 443;
        }

        // Only "true" says anything, and that is refused.
        value.Spec.PreserveUnknownFields = value.Spec.PreserveUnknownFields is true ? true : null;
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1CustomResourceDefinition value)
    {
        base.PrepareForCreate(value);
        value.Status = EmptyStatus();
        AddStoredVersion(value);
    }

    /// <inheritdoc/>
    protected override void PrepareForUpdate(V1CustomResourceDefinition value, V1CustomResourceDefinition old)
    {
        base.PrepareForUpdate(value, old);
        value.Status = old.Status is null ? EmptyStatus() : ApiJson.Copy(old.Status);
        AddStoredVersion(value);
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1CustomResourceDefinition value)
    {
        var errors = new FieldErrors();
        DefinitionRules.Validate(value, null, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1CustomResourceDefinition value, V1CustomResourceDefinition old)
    {
        var errors = new FieldErrors();
        DefinitionRules.Validate(value, old, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1CustomResourceDefinition value, V1CustomResourceDefinition old)
    {
        var errors = new FieldErrors();
        if (value.Status is not null)
        {
            DefinitionRules.ValidateNames(value.Status.AcceptedNames, FieldPath.Status.Child("acceptedNames"), errors);
            DefinitionRules.ValidateStoredVersions(value, errors);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IEnumerable<string> Warnings(V1CustomResourceDefinition value, V1CustomResourceDefinition? old) =>
        DefinitionWarnings.Of(value).Except(old is null ? [] : DefinitionWarnings.Of(old));

    private static V1CustomResourceDefinitionStatus EmptyStatus() => new()
    {
        AcceptedNames = new V1CustomResourceDefinitionNames { Kind = "", Plural = "" },
        Conditions = [],
        StoredVersions = [],
    };

    private static void AddStoredVersion(V1CustomResourceDefinition value)
    {
        if (value.Spec?.Versions?.FirstOrDefault(v => v.Storage is true) is { } storage)
        {
            value.Status.StoredVersions ??= [];
            if (!value.Status.StoredVersions.Contains(storage.Name))
            {
                value.Status.StoredVersions = [.. value.Status.StoredVersions, storage.Name];
            }
        }
    }
}
