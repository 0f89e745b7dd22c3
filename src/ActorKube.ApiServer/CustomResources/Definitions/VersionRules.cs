using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>The rules of a definition's versions.</summary>
internal static class VersionRules
{
    private const int MaxSelectableFields = 8;
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];
    private static readonly string[] ColumnFormats = ["binary", "byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

    /// <summary>Adds what is wrong with the versions. A schema that was there before the change is not judged by the rules of schemas again.</summary>
    public static void Validate(V1CustomResourceDefinitionSpec spec, V1CustomResourceDefinitionSpec? old, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < spec.Versions.Count; i++)
        {
            if (spec.Versions[i].Schema?.OpenAPIV3Schema is null)
            {
                errors.Required(path.Index(i).Child("schema").Child("openAPIV3Schema"));
            }
        }

        for (var i = 0; i < spec.Versions.Count; i++)
        {
            var version = spec.Versions[i];
            var at = path.Index(i);
            if (NameRules.Dns1035Label(version.Name ?? "") is { Count: > 0 } wrong)
            {
                errors.Invalid(at.Child("name"), version.Name ?? "", string.Join(",", wrong));
            }

            foreach (var text in DeprecationWarning(version))
            {
                errors.Invalid(at.Child("deprecationWarning"), version.DeprecationWarning, text);
            }

            var schema = DefinitionRules.SchemaOf(version);
            if (schema is not null && !IsUnchanged(version, old))
            {
                SchemaRules.Validate(schema, version.Subresources?.Status is not null, at.Child("schema").Child("openAPIV3Schema"), errors);
            }

            ValidateSubresources(version.Subresources, at.Child("subresources"), errors);
            for (var c = 0; c < (version.AdditionalPrinterColumns?.Count ?? 0); c++)
            {
                ValidateColumn(version.AdditionalPrinterColumns![c], at.Child("additionalPrinterColumns").Index(c), errors);
            }

            ValidateSelectableFields(version.SelectableFields, schema, at.Child("selectableFields"), errors);
        }

        if (spec.Versions.Select(v => v.Name).Distinct(StringComparer.Ordinal).Count() != spec.Versions.Count)
        {
            errors.Invalid(path, spec.Versions, "must contain unique version names");
        }

        if (spec.Versions.Count(v => v.Storage is true) != 1)
        {
            errors.Invalid(path, spec.Versions, "must have exactly one version marked as storage version");
        }
    }

    private static bool IsUnchanged(V1CustomResourceDefinitionVersion version, V1CustomResourceDefinitionSpec? old) =>
        old?.Versions.FirstOrDefault(v => v.Name == version.Name) is { Schema.OpenAPIV3Schema: { } before } was
        && was.Subresources?.Status is null == version.Subresources?.Status is null
        && ApiJson.Serialize(before).AsSpan().SequenceEqual(ApiJson.Serialize(version.Schema.OpenAPIV3Schema));

    private static IEnumerable<string> DeprecationWarning(V1CustomResourceDefinitionVersion version)
    {
        if (version.DeprecationWarning is not { } text)
        {
            yield break;
        }

        if (version.Deprecated is not true)
        {
            yield return "can only be set for deprecated versions";
            yield break;
        }

        if (text.Length > 256)
        {
            yield return "must be <= 256 characters long";
        }

        if (text.Length == 0)
        {
            yield return "must not be an empty string";
        }

        var control = text.AsSpan().IndexOfAnyInRange('\0', '\u001F');
        if (control >= 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"must only contain printable UTF-8 characters; non-printable character found at index {control}");
        }
    }

    private static void ValidateSubresources(V1CustomResourceSubresources? subresources, FieldPath path, FieldErrors errors)
    {
        if (subresources?.Scale is not { } scale)
        {
            return;
        }

        Replicas(scale.SpecReplicasPath, path.Child("scale.specReplicasPath"), ".spec");
        Replicas(scale.StatusReplicasPath, path.Child("scale.statusReplicasPath"), ".status");
        if (scale.LabelSelectorPath is { Length: > 0 } selector)
        {
            var at = path.Child("scale.labelSelectorPath");
            if (selector[0] != '.')
            {
                errors.Invalid(at, selector, "must be a simple json path starting with .");
            }
            else if (!selector.StartsWith(".spec.", StringComparison.Ordinal) && !selector.StartsWith(".status.", StringComparison.Ordinal))
            {
                errors.Invalid(at, selector, "should be a json path under either .spec or .status");
            }
        }

        void Replicas(string? text, FieldPath at, string under)
        {
            if (string.IsNullOrEmpty(text))
            {
                errors.Required(at);
            }
            else if (text[0] != '.')
            {
                errors.Invalid(at, text, "must be a simple json path starting with .");
            }
            else if (!text.StartsWith(under + ".", StringComparison.Ordinal))
            {
                errors.Invalid(at, text, $"should be a json path under {under}");
            }
        }
    }

    private static void ValidateColumn(V1CustomResourceColumnDefinition column, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(column.Name))
        {
            errors.Required(path.Child("name"));
        }

        var types = $"must be one of {string.Join(',', ColumnTypes)}";
        if (string.IsNullOrEmpty(column.Type))
        {
            errors.Required(path.Child("type"), types);
        }
        else if (!ColumnTypes.Contains(column.Type))
        {
            errors.Invalid(path.Child("type"), column.Type, types);
        }

        if (!string.IsNullOrEmpty(column.Format) && !ColumnFormats.Contains(column.Format))
        {
            errors.Invalid(path.Child("format"), column.Format, $"must be one of {string.Join(',', ColumnFormats)}");
        }

        if (string.IsNullOrEmpty(column.JsonPath))
        {
            errors.Required(path.Child("JSONPath"));
        }
        else if (column.JsonPath[0] != '.')
        {
            errors.Invalid(path.Child("JSONPath"), column.JsonPath, "must be a simple json path starting with .");
        }
    }

    private static void ValidateSelectableFields(IList<V1SelectableField>? fields, JsonObject? schema, FieldPath path, FieldErrors errors)
    {
        var unique = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (fields?.Count ?? 0) && schema is not null; i++)
        {
            var at = path.Index(i).Child("jsonPath");
            var text = fields![i].JsonPath;
            if (string.IsNullOrEmpty(text))
            {
                errors.Required(at);
                continue;
            }

            var names = JsonPath.Parse(text);
            JsonObject? found = schema;
            foreach (var name in names.Names)
            {
                found = found?["properties"]?[name] as JsonObject;
            }

            if (!names.IsPlain || names.Names.Count == 0 || found is null)
            {
                errors.Invalid(at, text, names.IsPlain ? "is an invalid path: does not refer to a valid field" : "is an invalid path: array notation is not allowed");
                continue;
            }

            if (names.Names[0] == "metadata")
            {
                errors.Invalid(at, text, "must not point to fields in metadata");
            }

            if (StructuralSchema.Text(found, "type") is not ("string" or "boolean" or "integer"))
            {
                errors.Invalid(at, text, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.");
            }

            if (!unique.Add(string.Join('.', names.Names)))
            {
                errors.Duplicate(at, text);
            }
        }

        if (unique.Count > MaxSelectableFields)
        {
            errors.TooMany(path, unique.Count, MaxSelectableFields);
        }
    }
}
