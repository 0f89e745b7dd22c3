using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>The rules of how a definition's versions are translated into each other.</summary>
internal static class ConversionRules
{
    /// <summary>Adds what is wrong.</summary>
    public static void Validate(V1CustomResourceConversion? conversion, FieldPath path, FieldErrors errors)
    {
        if (conversion is null)
        {
            return;
        }

        errors.OneOf(path.Child("strategy"), conversion.Strategy, "None", "Webhook");
        var client = path.Child("webhookClientConfig");
        if (conversion.Strategy != "Webhook")
        {
            if (conversion.Webhook?.ClientConfig is not null)
            {
                errors.Forbidden(client, "should not be set when strategy is not set to Webhook");
            }

            if (conversion.Webhook?.ConversionReviewVersions is { Count: > 0 })
            {
                errors.Forbidden(path.Child("conversionReviewVersions"), "should not be set when strategy is not set to Webhook");
            }

            return;
        }

        if (conversion.Webhook?.ClientConfig is not { } config)
        {
            errors.Required(client, "required when strategy is set to Webhook");
        }
        else if (config.Url is null == config.Service is null)
        {
            errors.Required(client, "exactly one of url or service is required");
        }
        else if (config.Url is not null)
        {
            ValidateUrl(config.Url, client.Child("url"), errors);
        }
        else
        {
            ValidateService(config.Service!, client.Child("service"), errors);
        }

        ValidateVersions(conversion.Webhook?.ConversionReviewVersions ?? [], path.Child("conversionReviewVersions"), errors);
    }

    private static void ValidateUrl(string text, FieldPath path, FieldErrors errors)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            errors.Required(path, $"url must be a valid URL: parse \"{text}\": invalid URI for request; desired format: https://host[/path]");
            return;
        }

        if (url.Scheme != "https")
        {
            errors.Invalid(path, url.Scheme, "'https' is the only allowed URL scheme; desired format: https://host[/path]");
        }

        if (url.Host.Length == 0)
        {
            errors.Invalid(path, url.Host, "host must be specified; desired format: https://host[/path]");
        }

        if (url.UserInfo.Length > 0)
        {
            errors.Invalid(path, url.UserInfo, "user information is not permitted in the URL");
        }

        if (url.Fragment.Length > 0)
        {
            errors.Invalid(path, url.Fragment.TrimStart('#'), "fragments are not permitted in the URL");
        }

        if (url.Query.Length > 0)
        {
            errors.Invalid(path, url.Query.TrimStart('?'), "query parameters are not permitted in the URL");
        }
    }

    private static void ValidateService(Apiextensionsv1ServiceReference service, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(service.Name))
        {
            errors.Required(path.Child("name"), "service name is required");
        }

        if (string.IsNullOrEmpty(service.NamespaceProperty))
        {
            errors.Required(path.Child("namespace"), "service namespace is required");
        }

        if (service.Port is { } port && NameRules.PortNumber(port) is { Count: > 0 } wrong)
        {
            errors.Invalid(path.Child("port"), port, "port is not valid: " + string.Join(",", wrong));
        }

        if (service.Path is { } given && !given.StartsWith('/'))
        {
            errors.Invalid(path.Child("path"), given, "must start with a '/'");
        }
    }

    private static void ValidateVersions(IList<string> versions, FieldPath path, FieldErrors errors)
    {
        if (versions.Count == 0)
        {
            errors.Required(path);
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < versions.Count; i++)
        {
            if (!seen.Add(versions[i]))
            {
                errors.Invalid(path.Index(i), versions[i], "duplicate version");
                continue;
            }

            errors.Invalid(path.Index(i), versions[i], NameRules.Dns1035Label(versions[i]));
        }

        if (!seen.Contains("v1") && !seen.Contains("v1beta1"))
        {
            errors.Invalid(path, versions, "must include at least one of v1, v1beta1");
        }
    }
}
