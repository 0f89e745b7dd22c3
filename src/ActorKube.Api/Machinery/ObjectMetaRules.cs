using System.Text;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>
/// The rules of object metadata, in Kubernetes' words and order. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/
/// </summary>
public static class ObjectMetaRules
{
    /// <summary>All annotations of an object together may not be larger.</summary>
    public const int MaxAnnotationBytes = 256 * 1024;

    private static readonly string[] StandardFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];

    /// <summary>What is wrong with the metadata of a new object, after its name has been generated.</summary>
    /// <param name="meta">The metadata.</param>
    /// <param name="namespaced">Whether the kind lives in namespaces.</param>
    /// <param name="name">The kind's rule for names; the flag says that it is a generateName.</param>
    /// <param name="path">Where the metadata stands.</param>
    public static FieldErrors ValidateCreate(V1ObjectMeta meta, bool namespaced, Func<string, bool, IReadOnlyList<string>> name, FieldPath? path = null)
    {
        path ??= FieldPath.Metadata;
        var errors = new FieldErrors();
        if (!string.IsNullOrEmpty(meta.GenerateName))
        {
            errors.Invalid(path.Child("generateName"), meta.GenerateName, name(meta.GenerateName, true));
        }

        if (string.IsNullOrEmpty(meta.Name))
        {
            errors.Required(path.Child("name"), "name or generateName is required");
        }
        else
        {
            errors.Invalid(path.Child("name"), meta.Name, name(meta.Name, false));
        }

        if (namespaced)
        {
            if (string.IsNullOrEmpty(meta.NamespaceProperty))
            {
                errors.Required(path.Child("namespace"));
            }
            else
            {
                errors.Invalid(path.Child("namespace"), meta.NamespaceProperty, NameRules.Dns1123Label(meta.NamespaceProperty));
            }
        }
        else if (!string.IsNullOrEmpty(meta.NamespaceProperty))
        {
            errors.Forbidden(path.Child("namespace"), "not allowed on this type");
        }

        errors.NonNegative(path.Child("generation"), meta.Generation);
        ValidateCommon(meta, path, errors);
        return errors;
    }

    /// <summary>What is wrong with the metadata of a changed object: as above, and what may not change.</summary>
    public static FieldErrors ValidateUpdate(V1ObjectMeta meta, V1ObjectMeta old, FieldPath? path = null)
    {
        path ??= FieldPath.Metadata;
        var errors = new FieldErrors();
        if (old.DeletionTimestamp is not null)
        {
            var added = (meta.Finalizers ?? []).Except(old.Finalizers ?? []).Order(StringComparer.Ordinal).ToList();
            if (added.Count > 0)
            {
                var list = string.Join(", ", added.Select(f => $"\"{f}\""));
                errors.Forbidden(path.Child("finalizers"), $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}");
            }
        }

        if (string.IsNullOrEmpty(meta.ResourceVersion))
        {
            errors.Invalid(path.Child("resourceVersion"), meta.ResourceVersion ?? "", "must be specified for an update");
        }

        if ((meta.Generation ?? 0) < (old.Generation ?? 0))
        {
            errors.Invalid(path.Child("generation"), meta.Generation ?? 0, "must not be decremented");
        }

        errors.Unchanged(path.Child("name"), meta.Name ?? "", old.Name ?? "");
        errors.Unchanged(path.Child("namespace"), meta.NamespaceProperty ?? "", old.NamespaceProperty ?? "");
        errors.Unchanged(path.Child("uid"), meta.Uid ?? "", old.Uid ?? "");
        errors.Unchanged(path.Child("creationTimestamp"), meta.CreationTimestamp, old.CreationTimestamp);
        errors.Unchanged(path.Child("deletionTimestamp"), meta.DeletionTimestamp, old.DeletionTimestamp);
        errors.Unchanged(path.Child("deletionGracePeriodSeconds"), meta.DeletionGracePeriodSeconds, old.DeletionGracePeriodSeconds);
        ValidateCommon(meta, path, errors);
        return errors;
    }

    /// <summary>What is wrong with labels.</summary>
    public static void ValidateLabels(IDictionary<string, string>? labels, FieldPath path, FieldErrors errors)
    {
        if (labels is null)
        {
            return;
        }

        foreach (var (key, value) in labels)
        {
            errors.Invalid(path, key, NameRules.QualifiedName(key));
            errors.Invalid(path, value, NameRules.LabelValue(value));
        }
    }

    /// <summary>What is wrong with annotations. Case does not matter in their keys.</summary>
    public static void ValidateAnnotations(IDictionary<string, string>? annotations, FieldPath path, FieldErrors errors)
    {
        if (annotations is null)
        {
            return;
        }

        long size = 0;
        foreach (var (key, value) in annotations)
        {
            errors.Invalid(path, key, NameRules.QualifiedName(key.ToLowerInvariant()));
            size += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value ?? "");
        }

        if (size > MaxAnnotationBytes)
        {
            errors.TooLong(path, MaxAnnotationBytes);
        }
    }

    /// <summary>What is wrong with a label selector.</summary>
    public static void ValidateLabelSelector(V1LabelSelector? selector, FieldPath path, FieldErrors errors)
    {
        if (selector is null)
        {
            return;
        }

        ValidateLabels(selector.MatchLabels, path.Child("matchLabels"), errors);
        for (var i = 0; i < (selector.MatchExpressions?.Count ?? 0); i++)
        {
            var expression = selector.MatchExpressions![i];
            var at = path.Child("matchExpressions").Index(i);
            switch (expression.OperatorProperty)
            {
                case "In" or "NotIn":
                    if (expression.Values is null or { Count: 0 })
                    {
                        errors.Required(at.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                    }

                    break;
                case "Exists" or "DoesNotExist":
                    if (expression.Values is { Count: > 0 })
                    {
                        errors.Forbidden(at.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    }

                    break;
                default:
                    errors.Invalid(at.Child("operator"), expression.OperatorProperty ?? "", "not a valid selector operator");
                    break;
            }

            errors.Invalid(at.Child("key"), expression.Key ?? "", NameRules.QualifiedName(expression.Key ?? ""));
            for (var v = 0; v < (expression.Values?.Count ?? 0); v++)
            {
                errors.Invalid(at.Child("values").Index(v), expression.Values![v], NameRules.LabelValue(expression.Values[v]));
            }
        }
    }

    /// <summary>What is wrong with a finalizer's name.</summary>
    public static void ValidateFinalizer(string name, FieldPath path, FieldPath shortNamePath, FieldErrors errors)
    {
        errors.Invalid(path, name, NameRules.QualifiedName(name));
        if (!name.Contains('/') && !StandardFinalizers.Contains(name))
        {
            errors.Invalid(shortNamePath, name, "name is neither a standard finalizer name nor is it fully qualified");
        }
    }

    private static void ValidateCommon(V1ObjectMeta meta, FieldPath path, FieldErrors errors)
    {
        ValidateLabels(meta.Labels, path.Child("labels"), errors);
        ValidateAnnotations(meta.Annotations, path.Child("annotations"), errors);
        ValidateOwners(meta.OwnerReferences, path.Child("ownerReferences"), errors);
        var finalizers = path.Child("finalizers");
        for (var i = 0; i < (meta.Finalizers?.Count ?? 0); i++)
        {
            ValidateFinalizer(meta.Finalizers![i], finalizers, finalizers.Index(i), errors);
        }

        if (meta.Finalizers is { } all && all.Contains("orphan") && all.Contains("foregroundDeletion"))
        {
            errors.Invalid(finalizers, all, "finalizer orphan and foregroundDeletion cannot be both set");
        }
    }

    private static void ValidateOwners(IList<V1OwnerReference>? owners, FieldPath path, FieldErrors errors)
    {
        V1OwnerReference? controller = null;
        foreach (var owner in owners ?? [])
        {
            if (string.IsNullOrEmpty(owner.ApiVersion))
            {
                errors.Invalid(path.Child("apiVersion"), owner.ApiVersion ?? "", "version must not be empty");
            }

            NotEmpty("kind", owner.Kind);
            NotEmpty("name", owner.Name);
            NotEmpty("uid", owner.Uid);
            if (owner is { ApiVersion: "v1", Kind: "Event" })
            {
                errors.Invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner");
            }

            if (owner.Controller is not true)
            {
                continue;
            }

            if (controller is not null)
            {
                errors.Invalid(path, owners, $"Only one reference can have Controller set to true. Found \"true\" in references for {controller.Kind}/{controller.Name} and {owner.Kind}/{owner.Name}");
            }

            controller ??= owner;
        }

        void NotEmpty(string field, string? value)
        {
            if (string.IsNullOrEmpty(value))
            {
                errors.Invalid(path.Child(field), "", "must not be empty");
            }
        }
    }
}
