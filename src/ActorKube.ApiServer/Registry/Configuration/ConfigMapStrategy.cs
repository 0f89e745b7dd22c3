using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Configuration;

/// <summary>The strategy of config maps. Source: https://kubernetes.io/docs/concepts/configuration/configmap/</summary>
internal sealed class ConfigMapStrategy : Strategy<V1ConfigMap>
{
    internal const int MaxBytes = 1024 * 1024;
    internal const string WhileImmutable = "field is immutable when `immutable` is set";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("configMapColumnDefinitions");

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ConfigMap value)
    {
        var errors = new FieldErrors();
        var size = 0L;
        foreach (var (key, text) in value.Data ?? new Dictionary<string, string>())
        {
            var at = FieldPath.Of("data").Key(key);
            errors.Invalid(at, key, NameRules.ConfigMapKey(key));
            if (value.BinaryData?.ContainsKey(key) is true)
            {
                errors.Invalid(at, key, "duplicate of key present in binaryData");
            }

            size += Encoding.UTF8.GetByteCount(text ?? "");
        }

        foreach (var (key, bytes) in value.BinaryData ?? new Dictionary<string, byte[]>())
        {
            errors.Invalid(FieldPath.Of("binaryData").Key(key), key, NameRules.ConfigMapKey(key));
            size += bytes?.Length ?? 0;
        }

        if (size > MaxBytes)
        {
            errors.TooLong(FieldPath.Of(""), MaxBytes);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1ConfigMap value, V1ConfigMap old)
    {
        var errors = new FieldErrors();
        if (old.Immutable is true)
        {
            if (value.Immutable is not true)
            {
                errors.Forbidden(FieldPath.Of("immutable"), WhileImmutable);
            }

            if (!SemanticEquality.Equal(value.Data, old.Data))
            {
                errors.Forbidden(FieldPath.Of("data"), WhileImmutable);
            }

            if (!SemanticEquality.Equal(value.BinaryData, old.BinaryData))
            {
                errors.Forbidden(FieldPath.Of("binaryData"), WhileImmutable);
            }
        }

        errors.AddRange(ValidateCreate(value));
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ConfigMap value, DateTimeOffset now) =>
        [value.Metadata.Name, (value.Data?.Count ?? 0) + (value.BinaryData?.Count ?? 0), Age(value.Metadata, now)];
}
