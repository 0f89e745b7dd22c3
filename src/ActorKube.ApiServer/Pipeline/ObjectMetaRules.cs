using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>What every object's metadata must keep to. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ and the ObjectMeta type.</summary>
internal static class ObjectMetaRules
{
    private const int MaxAnnotationBytes = 256 * 1024;

    /// <summary>What is wrong with a new object's metadata.</summary>
    public static List<FieldError> Create(V1ObjectMeta metadata, Strategy strategy)
    {
        var errors = new List<FieldError>();
        if (!string.IsNullOrEmpty(metadata.GenerateName))
        {
            AddAll(errors, "metadata.generateName", metadata.GenerateName, strategy.ValidateName(metadata.GenerateName, true));
        }

        if (string.IsNullOrEmpty(metadata.Name))
        {
            errors.Add(FieldError.Required("metadata.name", "name or generateName is required"));
        }
        else
        {
            AddAll(errors, "metadata.name", metadata.Name, strategy.ValidateName(metadata.Name, false));
        }

        if (strategy.Kind.Namespaced)
        {
            if (string.IsNullOrEmpty(metadata.NamespaceProperty))
            {
                errors.Add(FieldError.Required("metadata.namespace"));
            }
            else
            {
                AddAll(errors, "metadata.namespace", metadata.NamespaceProperty, NameRules.Dns1123Label(metadata.NamespaceProperty));
            }
        }

        Common(metadata, errors);
        return errors;
    }

    /// <summary>Fills what an updater may leave out, and says what is wrong with the rest.</summary>
    public static List<FieldError> Update(V1ObjectMeta metadata, V1ObjectMeta old)
    {
        var errors = new List<FieldError>();
        metadata.Uid = string.IsNullOrEmpty(metadata.Uid) ? old.Uid : metadata.Uid;
        metadata.CreationTimestamp ??= old.CreationTimestamp;
        metadata.DeletionTimestamp = old.DeletionTimestamp is null ? metadata.DeletionTimestamp : old.DeletionTimestamp;
        metadata.DeletionGracePeriodSeconds ??= old.DeletionGracePeriodSeconds;
        metadata.GenerateName ??= old.GenerateName;
        Immutable(errors, "metadata.name", metadata.Name, old.Name);
        Immutable(errors, "metadata.namespace", metadata.NamespaceProperty, old.NamespaceProperty);
        Immutable(errors, "metadata.uid", metadata.Uid, old.Uid);
        if (metadata.CreationTimestamp?.ToUniversalTime() != old.CreationTimestamp?.ToUniversalTime())
        {
            errors.Add(FieldError.Invalid("metadata.creationTimestamp", metadata.CreationTimestamp, "field is immutable"));
        }

        if (metadata.DeletionTimestamp?.ToUniversalTime() != old.DeletionTimestamp?.ToUniversalTime())
        {
            errors.Add(FieldError.Invalid("metadata.deletionTimestamp", metadata.DeletionTimestamp, "field is immutable"));
        }

        if (metadata.DeletionGracePeriodSeconds != old.DeletionGracePeriodSeconds)
        {
            errors.Add(FieldError.Invalid("metadata.deletionGracePeriodSeconds", metadata.DeletionGracePeriodSeconds, "field is immutable"));
        }

        if (old.DeletionTimestamp is not null && metadata.Finalizers?.Except(old.Finalizers ?? []).ToList() is { Count: > 0 } added)
        {
            errors.Add(FieldError.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(f => $"\"{f}\""))}}}"));
        }

        Common(metadata, errors);
        return errors;
    }

    private static void Common(V1ObjectMeta metadata, List<FieldError> errors)
    {
        if (metadata.Labels is { Count: > 0 } labels)
        {
            foreach (var (key, value) in labels)
            {
                AddAll(errors, "metadata.labels", key, NameRules.QualifiedName(key));
                AddAll(errors, "metadata.labels", value, NameRules.LabelValue(value ?? ""));
            }
        }

        if (metadata.Annotations is { Count: > 0 } annotations)
        {
            var size = 0;
            foreach (var (key, value) in annotations)
            {
                AddAll(errors, "metadata.annotations", key, NameRules.QualifiedName(key.ToLowerInvariant()));
                size += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value ?? "");
            }

            if (size > MaxAnnotationBytes)
            {
                errors.Add(FieldError.TooLong("metadata.annotations", MaxAnnotationBytes));
            }
        }

        if (metadata.OwnerReferences is { Count: > 0 } owners)
        {
            CheckOwners(owners, errors);
        }

        for (var i = 0; i < metadata.Finalizers?.Count; i++)
        {
            AddAll(errors, "metadata.finalizers", metadata.Finalizers[i], NameRules.QualifiedName(metadata.Finalizers[i]));
        }

        if (metadata.Finalizers is { } finalizers && finalizers.Contains("orphan") && finalizers.Contains("foregroundDeletion"))
        {
            errors.Add(FieldError.Invalid("metadata.finalizers", finalizers, "finalizer foregroundDeletion and orphan cannot be both set"));
        }
    }

    private static void CheckOwners(IList<V1OwnerReference> owners, List<FieldError> errors)
    {
        V1OwnerReference? controller = null;
        for (var i = 0; i < owners.Count; i++)
        {
            var (owner, path) = (owners[i], "metadata.ownerReferences");
            Require(errors, $"{path}.apiVersion", owner.ApiVersion, "version must not be empty");
            Require(errors, $"{path}.kind", owner.Kind, "must not be empty");
            Require(errors, $"{path}.name", owner.Name, "must not be empty");
            Require(errors, $"{path}.uid", owner.Uid, "must not be empty");
            if (owner.Controller is not true)
            {
                continue;
            }

            if (controller is not null)
            {
                errors.Add(FieldError.Invalid(path, owners, $"Only one reference can have Controller set to true. Found \"true\" in references for {controller.Kind}/{controller.Name} and {owner.Kind}/{owner.Name}"));
            }

            controller ??= owner;
        }
    }

    private static void Require(List<FieldError> errors, string field, string? value, string why)
    {
        if (string.IsNullOrEmpty(value))
        {
            errors.Add(FieldError.Invalid(field, value ?? "", why));
        }
    }

    private static void Immutable(List<FieldError> errors, string field, string? value, string? old)
    {
        if ((value ?? "") != (old ?? ""))
        {
            errors.Add(FieldError.Invalid(field, value ?? "", "field is immutable"));
        }
    }

    private static void AddAll(List<FieldError> errors, string field, string value, IReadOnlyList<string> problems)
    {
        foreach (var problem in problems)
        {
            errors.Add(FieldError.Invalid(field, value, problem));
        }
    }
}
