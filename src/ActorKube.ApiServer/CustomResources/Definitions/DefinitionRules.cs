using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>
/// The rules of a CustomResourceDefinition, in Kubernetes' words.
/// Source: https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/
/// </summary>
internal static class DefinitionRules
{
    private const string ApprovalAnnotation = "api-approved.kubernetes.io";

    /// <summary>What is wrong with a new definition, or with a changed one.</summary>
    public static void Validate(V1CustomResourceDefinition value, V1CustomResourceDefinition? old, FieldErrors errors)
    {
        var spec = value.Spec;
        var path = FieldPath.Spec;
        if (spec is null)
        {
            errors.Required(path);
            return;
        }

        if (old is null && value.Metadata.Name is { Length: > 0 } name && name != $"{spec.Names.Plural}.{spec.Group}")
        {
            errors.Invalid(FieldPath.Metadata.Child("name"), name, "must be spec.names.plural+\".\"+spec.group");
        }

        ValidateGroupAndScope(spec, path, errors);
        VersionRules.Validate(spec, old?.Spec, path.Child("versions"), errors);
        ValidateSpecNames(spec.Names, path.Child("names"), errors);
        ConversionRules.Validate(spec.Conversion, path.Child("conversion"), errors);
        if (old is not null)
        {
            if (CustomKinds.IsTrue(old, "Established"))
            {
                errors.Unchanged(path.Child("scope"), spec.Scope, old.Spec.Scope);
                errors.Unchanged(path.Child("names").Child("kind"), spec.Names.Kind, old.Spec.Names.Kind);
            }

            errors.Unchanged(path.Child("group"), spec.Group, old.Spec.Group);
            errors.Unchanged(path.Child("names").Child("plural"), spec.Names.Plural, old.Spec.Names.Plural);
        }

        ValidateStoredVersions(value, errors);
        ValidateApproval(value, old, errors);
        if (spec.PreserveUnknownFields is true)
        {
            errors.Invalid(path.Child("preserveUnknownFields"), true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead");
        }
    }

    /// <summary>What is wrong with names, wherever they stand.</summary>
    public static void ValidateNames(V1CustomResourceDefinitionNames? names, FieldPath path, FieldErrors errors)
    {
        if (names is null)
        {
            return;
        }

        Label(names.Plural, "plural");
        Label(names.Singular, "singular");
        MixedCase(names.Kind, "kind");
        MixedCase(names.ListKind, "listKind");
        Labels(names.ShortNames, "shortNames");
        if (!string.IsNullOrEmpty(names.Kind) && names.Kind == names.ListKind)
        {
            errors.Invalid(path.Child("listKind"), names.ListKind, "kind and listKind may not be the same");
        }

        Labels(names.Categories, "categories");

        void Label(string? text, string field)
        {
            if (!string.IsNullOrEmpty(text) && NameRules.Dns1035Label(text) is { Count: > 0 } wrong)
            {
                errors.Invalid(path.Child(field), text, string.Join(",", wrong));
            }
        }

        void MixedCase(string? text, string field)
        {
            if (!string.IsNullOrEmpty(text) && NameRules.Dns1035Label(text.ToLowerInvariant()) is { Count: > 0 } wrong)
            {
                errors.Invalid(path.Child(field), text, "may have mixed case, but should otherwise match: " + string.Join(",", wrong));
            }
        }

        void Labels(IList<string>? texts, string field)
        {
            for (var i = 0; i < (texts?.Count ?? 0); i++)
            {
                if (NameRules.Dns1035Label(texts![i]) is { Count: > 0 } wrong)
                {
                    errors.Invalid(path.Child(field).Index(i), texts[i], string.Join(",", wrong));
                }
            }
        }
    }

    /// <summary>What is wrong with the versions in which objects may be stored.</summary>
    public static void ValidateStoredVersions(V1CustomResourceDefinition value, FieldErrors errors)
    {
        var path = FieldPath.Status.Child("storedVersions");
        var stored = value.Status?.StoredVersions ?? [];
        if (stored.Count == 0)
        {
            errors.Invalid(path, stored, "must have at least one stored version");
            return;
        }

        foreach (var version in value.Spec.Versions.Where(v => v.Storage is true && !stored.Contains(v.Name)))
        {
            errors.Invalid(path, stored, "must have the storage version " + version.Name);
        }

        for (var i = 0; i < stored.Count; i++)
        {
            var name = stored[i];
            if (value.Spec.Versions.All(v => v.Name != name))
            {
                errors.Invalid(path.Index(i), name, $"missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions");
            }
        }
    }

    /// <summary>The schema of a version as a tree of its own; null for none.</summary>
    public static JsonObject? SchemaOf(V1CustomResourceDefinitionVersion version) =>
        version.Schema?.OpenAPIV3Schema is { } schema ? (JsonObject)JsonTree.Parse(ApiJson.Serialize(schema))! : null;

    /// <summary>Whether the group is one of Kubernetes' own, whose API is reviewed.</summary>
    public static bool IsProtected(string group) => group is "k8s.io" or "kubernetes.io" || group.EndsWith(".k8s.io", StringComparison.Ordinal) || group.EndsWith(".kubernetes.io", StringComparison.Ordinal);

    /// <summary>What the annotation says of the review of a protected group's API.</summary>
    public static (string State, string Reason) Approval(IDictionary<string, string>? annotations)
    {
        if (annotations is null || !annotations.TryGetValue(ApprovalAnnotation, out var text))
        {
            return ("Missing", "protected groups must have approval annotation \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111");
        }

        if (text.StartsWith("unapproved", StringComparison.Ordinal))
        {
            return ("Bypassed", $"not approved: \"{text}\"");
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0 && url.Scheme.Length > 0
            ? ("Approved", $"approved in {text}")
            : ("Invalid", $"protected groups must have approval annotation \"api-approved.kubernetes.io\" with either a URL or a reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111");
    }

    private static void ValidateGroupAndScope(V1CustomResourceDefinitionSpec spec, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(spec.Group))
        {
            errors.Required(path.Child("group"));
        }
        else if (NameRules.Dns1123Subdomain(spec.Group) is { Count: > 0 } wrong)
        {
            errors.Invalid(path.Child("group"), spec.Group, string.Join(",", wrong));
        }
        else if (!spec.Group.Contains('.'))
        {
            errors.Invalid(path.Child("group"), spec.Group, "should be a domain with at least one dot");
        }

        errors.OneOf(path.Child("scope"), spec.Scope, "Cluster", "Namespaced");
    }

    private static void ValidateSpecNames(V1CustomResourceDefinitionNames names, FieldPath path, FieldErrors errors)
    {
        foreach (var (field, text) in new[] { ("plural", names.Plural), ("singular", names.Singular), ("kind", names.Kind), ("listKind", names.ListKind) })
        {
            if (string.IsNullOrEmpty(text))
            {
                errors.Required(path.Child(field));
            }
        }

        ValidateNames(names, path, errors);
    }

    // Who changes something else than the annotation is not asked for it.
    private static void ValidateApproval(V1CustomResourceDefinition value, V1CustomResourceDefinition? old, FieldErrors errors)
    {
        if (!IsProtected(value.Spec.Group ?? ""))
        {
            return;
        }

        var (state, reason) = Approval(value.Metadata.Annotations);
        if (old is not null && Approval(old.Metadata.Annotations).State == state)
        {
            return;
        }

        var path = FieldPath.Metadata.Child("annotations").Key(ApprovalAnnotation);
        if (state == "Missing")
        {
            errors.Required(path, reason);
        }
        else if (state == "Invalid")
        {
            errors.Invalid(path, value.Metadata.Annotations[ApprovalAnnotation], reason);
        }
    }
}
