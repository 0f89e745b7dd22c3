using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of environment variables and of what they, and files, may say of the pod.</summary>
internal static class EnvValidation
{
    private static readonly string[] EnvFields =
        ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"];

    private static readonly string[] FileFields = ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

    private static readonly string[] ResourceFields =
        ["limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"];

    private static readonly string[] ByteDivisors = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

    public static void Validate(IList<V1EnvVar>? variables, FieldPath path, PodContext pod)
    {
        for (var i = 0; i < (variables?.Count ?? 0); i++)
        {
            var (variable, at) = (variables![i], path.Index(i));
            if (string.IsNullOrEmpty(variable.Name))
            {
                pod.Errors.Required(at.Child("name"));
            }
            else
            {
                pod.Errors.Invalid(at.Child("name"), variable.Name, NameRules.EnvName(variable.Name));
            }

            if (variable.ValueFrom is { } source)
            {
                ValidateSource(variable, source, at.Child("valueFrom"), pod);
            }
        }
    }

    public static void Validate(IList<V1EnvFromSource>? sources, FieldPath path, PodContext pod)
    {
        for (var i = 0; i < (sources?.Count ?? 0); i++)
        {
            var (source, at) = (sources![i], path.Index(i));
            if (!string.IsNullOrEmpty(source.Prefix))
            {
                pod.Errors.Invalid(at.Child("prefix"), source.Prefix, NameRules.EnvName(source.Prefix));
            }

            var count = 0;
            if (source.ConfigMapRef is { } configMap)
            {
                count++;
                Name(configMap.Name, at.Child("configMapRef"));
            }

            if (source.SecretRef is { } secret)
            {
                count++;
                Name(secret.Name, at.Child("secretRef"));
            }

            if (count == 0)
            {
                pod.Errors.Invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
            }
            else if (count > 1)
            {
                pod.Errors.Invalid(path, "", "may not have more than one field specified at a time");
            }
        }

        void Name(string? name, FieldPath at)
        {
            if (string.IsNullOrEmpty(name))
            {
                pod.Errors.Required(at.Child("name"));
            }
            else
            {
                pod.Subdomain(at.Child("name"), name);
            }
        }
    }

    /// <summary>What a file of a downward API volume may show.</summary>
    public static void ValidateFileField(V1ObjectFieldSelector field, FieldPath path, FieldErrors errors) => ValidateField(field, FileFields, path, errors);

    /// <summary>An amount of a container's resources; a file must say of which container.</summary>
    public static void ValidateResourceField(V1ResourceFieldSelector field, bool needsContainer, FieldPath path, FieldErrors errors)
    {
        var resource = field.Resource ?? "";
        if (needsContainer && string.IsNullOrEmpty(field.ContainerName))
        {
            errors.Required(path.Child("containerName"));
        }
        else if (resource.Length == 0)
        {
            errors.Required(path.Child("resource"));
        }
        else if (!ResourceFields.Contains(resource) && !resource.StartsWith("limits.hugepages-", StringComparison.Ordinal) && !resource.StartsWith("requests.hugepages-", StringComparison.Ordinal))
        {
            errors.NotSupported(path.Child("resource"), resource, ResourceFields);
        }

        var divisor = Quantity.From(field.Divisor);
        if (divisor.IsZero)
        {
            return;
        }

        var kind = resource[(resource.IndexOf('.') + 1)..];
        switch (kind)
        {
            case "cpu" when divisor.ToString() is not ("1" or "1m"):
                errors.Invalid(path.Child("divisor"), resource, "only divisor's values 1m and 1 are supported with the cpu resource");
                break;
            case "memory" or "ephemeral-storage" when !ByteDivisors.Contains(divisor.ToString()):
                var name = kind == "memory" ? "memory" : "local ephemeral storage";
                errors.Invalid(path.Child("divisor"), resource, $"only divisor's values {string.Join(", ", ByteDivisors)} are supported with the {name} resource");
                break;
        }
    }

    private static void ValidateSource(V1EnvVar variable, V1EnvVarSource source, FieldPath path, PodContext pod)
    {
        var count = 0;
        if (source.FieldRef is not null)
        {
            count++;
            ValidateField(source.FieldRef, EnvFields, path.Child("fieldRef"), pod.Errors);
        }

        if (source.ResourceFieldRef is not null)
        {
            count++;
            ValidateResourceField(source.ResourceFieldRef, false, path.Child("resourceFieldRef"), pod.Errors);
        }

        if (source.ConfigMapKeyRef is { } configMap)
        {
            count++;
            ValidateKey(configMap.Name, configMap.Key, path.Child("configMapKeyRef"), pod);
        }

        if (source.SecretKeyRef is { } secret)
        {
            count++;
            ValidateKey(secret.Name, secret.Key, path.Child("secretKeyRef"), pod);
        }

        if (source.FileKeyRef is { } file)
        {
            count++;
            if (string.IsNullOrEmpty(file.VolumeName) || !pod.Volumes.ContainsKey(file.VolumeName))
            {
                pod.Errors.NotFound(path.Child("fileKeyRef").Child("volumeName"), file.VolumeName ?? "");
            }
        }

        if (count == 0)
        {
            pod.Errors.Invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        }
        else if (!string.IsNullOrEmpty(variable.Value))
        {
            pod.Errors.Invalid(path, "", "may not be specified when `value` is not empty");
        }
        else if (count > 1)
        {
            pod.Errors.Invalid(path, "", "may not have more than one field specified at a time");
        }
    }

    private static void ValidateField(V1ObjectFieldSelector field, string[] allowed, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(field.ApiVersion))
        {
            errors.Required(path.Child("apiVersion"));
            return;
        }

        if (string.IsNullOrEmpty(field.FieldPath))
        {
            errors.Required(path.Child("fieldPath"));
            return;
        }

        var text = field.FieldPath;
        var open = text.IndexOf("['", StringComparison.Ordinal);
        if (open > 0 && text.EndsWith("']", StringComparison.Ordinal))
        {
            var key = text[(open + 2)..^2];
            switch (text[..open])
            {
                case "metadata.annotations":
                    errors.Invalid(path, key.ToLowerInvariant(), NameRules.QualifiedName(key.ToLowerInvariant()));
                    break;
                case "metadata.labels":
                    errors.Invalid(path, key, NameRules.QualifiedName(key));
                    break;
                default:
                    errors.Invalid(path.Child("fieldPath"), text, $"error converting fieldPath: field label does not support subscript");
                    break;
            }

            return;
        }

        if (allowed.Contains(text))
        {
            return;
        }

        if (EnvFields.Contains(text) || FileFields.Contains(text) || text is "spec.restartPolicy" or "spec.schedulerName" or "status.phase")
        {
            errors.NotSupported(path.Child("fieldPath"), text, allowed);
        }
        else
        {
            errors.Invalid(path.Child("fieldPath"), text, $"error converting fieldPath: field label not supported: {text}");
        }
    }

    private static void ValidateKey(string? name, string? key, FieldPath path, PodContext pod)
    {
        pod.Subdomain(path.Child("name"), name ?? "");
        if (string.IsNullOrEmpty(key))
        {
            pod.Errors.Required(path.Child("key"));
        }
        else
        {
            pod.Errors.Invalid(path.Child("key"), key, NameRules.ConfigMapKey(key));
        }
    }
}
