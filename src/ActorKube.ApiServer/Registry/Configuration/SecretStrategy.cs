using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Configuration;

/// <summary>The strategy of secrets. Source: https://kubernetes.io/docs/concepts/configuration/secret/</summary>
internal sealed class SecretStrategy : Strategy<V1Secret>
{
    private const string Redacted = "<secret contents redacted>";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("secretColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1Secret value)
    {
        value.Type = PodSpecDefaults.Or(value.Type, "Opaque");
        if (value.StringData is null)
        {
            return;
        }

        // Plain text is for writing only; it wins over what data says.
        if (value.StringData.Count > 0)
        {
            value.Data ??= new Dictionary<string, byte[]>();
            foreach (var (key, text) in value.StringData)
            {
                value.Data[key] = Encoding.UTF8.GetBytes(text ?? "");
            }
        }

        value.StringData = null;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Secret value)
    {
        var (errors, path) = (new FieldErrors(), FieldPath.Of("data"));
        foreach (var key in value.Data?.Keys ?? [])
        {
            errors.Invalid(path.Key(key), key, NameRules.ConfigMapKey(key));
        }

        if (value.Data?.Values.Sum(v => (long)(v?.Length ?? 0)) > ConfigMapStrategy.MaxBytes)
        {
            errors.TooLong(path, ConfigMapStrategy.MaxBytes);
        }

        ValidateType(value, path, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1Secret value, V1Secret old)
    {
        var errors = new FieldErrors();
        errors.Unchanged(FieldPath.Of("type"), value.Type, old.Type);
        if (old.Immutable is true)
        {
            if (value.Immutable is not true)
            {
                errors.Forbidden(FieldPath.Of("immutable"), ConfigMapStrategy.WhileImmutable);
            }

            if (!SemanticEquality.Equal(value.Data, old.Data))
            {
                errors.Forbidden(FieldPath.Of("data"), ConfigMapStrategy.WhileImmutable);
            }
        }

        errors.AddRange(ValidateCreate(value));
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Secret value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Type ?? "", value.Data?.Count ?? 0, Age(value.Metadata, now)];

    private static void ValidateType(V1Secret value, FieldPath path, FieldErrors errors)
    {
        switch (value.Type)
        {
            case "kubernetes.io/service-account-token":
                if (value.Metadata.Annotations?.TryGetValue("kubernetes.io/service-account.name", out var account) is not true || string.IsNullOrEmpty(account))
                {
                    errors.Required(FieldPath.Metadata.Child("annotations").Key("kubernetes.io/service-account.name"));
                }

                break;
            case "kubernetes.io/dockercfg":
                ValidateJson(".dockercfg");
                break;
            case "kubernetes.io/dockerconfigjson":
                ValidateJson(".dockerconfigjson");
                break;
            case "kubernetes.io/basic-auth":
                if (!Has("username") && !Has("password"))
                {
                    errors.Required(path.Key("username"));
                    errors.Required(path.Key("password"));
                }

                break;
            case "kubernetes.io/ssh-auth":
                if (!Has("ssh-privatekey") || value.Data["ssh-privatekey"] is null or { Length: 0 })
                {
                    errors.Required(path.Key("ssh-privatekey"));
                }

                break;
            case "kubernetes.io/tls":
                foreach (var key in new[] { "tls.crt", "tls.key" }.Where(k => !Has(k)))
                {
                    errors.Required(path.Key(key));
                }

                break;
        }

        bool Has(string key) => value.Data?.ContainsKey(key) is true;

        void ValidateJson(string key)
        {
            if (!Has(key))
            {
                errors.Required(path.Key(key));
            }
            else if (!JsonTree.TryParse(value.Data[key] ?? [], out var json, out var error))
            {
                errors.Invalid(path.Key(key), Redacted, error!);
            }
            else if (json is not JsonObject)
            {
                errors.Invalid(path.Key(key), Redacted, "json: cannot unmarshal into Go value of type map[string]interface {}");
            }
        }
    }
}
