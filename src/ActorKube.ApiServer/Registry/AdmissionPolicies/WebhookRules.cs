using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>Rules of one webhook, mutating or validating.</summary>
internal static class WebhookRules
{
    /// <summary>Fills what rules and a service leave open.</summary>
    public static void Default(Admissionregistrationv1WebhookClientConfig? client, IList<V1RuleWithOperations>? rules)
    {
        if (client?.Service is { } service)
        {
            service.Port ??= 443;
        }

        foreach (var rule in rules ?? [])
        {
            rule.Scope ??= "*";
        }
    }

    /// <summary>Checks one webhook.</summary>
    public static void Validate(V1ValidatingWebhook hook, FieldPath path, FieldErrors errors)
    {
        ValidateName(hook.Name, path.Child("name"), errors);
        for (var i = 0; i < (hook.Rules?.Count ?? 0); i++)
        {
            MatchRules.Validate(hook.Rules![i], path.Child("rules").Index(i), errors);
        }

        errors.OneOf(path.Child("failurePolicy"), hook.FailurePolicy, "Fail", "Ignore");
        errors.OneOf(path.Child("matchPolicy"), hook.MatchPolicy, "Equivalent", "Exact");
        if (string.IsNullOrEmpty(hook.SideEffects))
        {
            errors.Required(path.Child("sideEffects"), "must specify one of None, NoneOnDryRun");
        }
        else
        {
            errors.OneOf(path.Child("sideEffects"), hook.SideEffects, "None", "NoneOnDryRun");
        }

        if (hook.TimeoutSeconds is < 1 or > 30)
        {
            errors.Invalid(path.Child("timeoutSeconds"), hook.TimeoutSeconds, "the timeout value must be between 1 and 30 seconds");
        }

        ObjectMetaRules.ValidateLabelSelector(hook.NamespaceSelector, path.Child("namespaceSelector"), errors);
        ObjectMetaRules.ValidateLabelSelector(hook.ObjectSelector, path.Child("objectSelector"), errors);
        ValidateClient(hook.ClientConfig, path.Child("clientConfig"), errors);
        MatchRules.Validate(hook.MatchConditions, path.Child("matchConditions"), errors);
        ValidateVersions(hook.AdmissionReviewVersions, path.Child("admissionReviewVersions"), errors);
    }

    /// <summary>Each webhook's name stands once.</summary>
    public static void ValidateUnique(IEnumerable<string?> names, FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, i) in names.Select((name, i) => (name, i)))
        {
            if (!string.IsNullOrEmpty(name) && !seen.Add(name))
            {
                errors.Duplicate(FieldPath.Of("webhooks").Index(i).Child("name"), name);
            }
        }
    }

    private static void ValidateName(string? name, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(name))
        {
            errors.Required(path);
            return;
        }

        var wrong = NameRules.Dns1123Subdomain(name);
        errors.Invalid(path, name, wrong);
        if (wrong.Count == 0 && name.Split('.').Length < 3)
        {
            errors.Invalid(path, name, "should be a domain with at least three segments separated by dots");
        }
    }

    private static void ValidateVersions(IList<string>? versions, FieldPath path, FieldErrors errors)
    {
        if (versions is null or { Count: 0 })
        {
            errors.Required(path, "must specify one of v1, v1beta1");
            return;
        }

        for (var i = 0; i < versions.Count; i++)
        {
            if (versions.Take(i).Contains(versions[i]))
            {
                errors.Invalid(path.Index(i), versions[i], "duplicate version");
            }
            else
            {
                errors.Invalid(path.Index(i), versions[i], NameRules.Dns1035Label(versions[i]));
            }
        }

        if (!versions.Contains("v1") && !versions.Contains("v1beta1"))
        {
            errors.Invalid(path, versions, "must include at least one of v1, v1beta1");
        }
    }

    private static void ValidateClient(Admissionregistrationv1WebhookClientConfig? client, FieldPath path, FieldErrors errors)
    {
        if (client?.Url is null == client?.Service is null)
        {
            errors.Required(path, "exactly one of url or service is required");
        }
        else if (client!.Url is { } url)
        {
            ValidateUrl(url, path.Child("url"), errors);
        }
        else
        {
            ValidateService(client.Service, path.Child("service"), errors);
        }
    }

    private static void ValidateUrl(string text, FieldPath path, FieldErrors errors)
    {
        const string form = "; desired format: https://host[/path]";
        if (!Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var url))
        {
            errors.Required(path, "url must be a valid URL" + form);
            return;
        }

        if (!url.IsAbsoluteUri || url.Scheme != "https")
        {
            errors.Invalid(path, url.IsAbsoluteUri ? url.Scheme : "", "'https' is the only allowed URL scheme" + form);
        }

        if (!url.IsAbsoluteUri || url.Host.Length == 0)
        {
            errors.Invalid(path, "", "host must be specified" + form);
            return;
        }

        if (url.UserInfo.Length > 0)
        {
            errors.Invalid(path, url.UserInfo, "user information is not permitted in the URL");
        }

        if (url.Fragment.Length > 0)
        {
            errors.Invalid(path, url.Fragment[1..], "fragments are not permitted in the URL");
        }

        if (url.Query.Length > 0)
        {
            errors.Invalid(path, url.Query[1..], "query parameters are not permitted in the URL");
        }
    }

    private static void ValidateService(Admissionregistrationv1ServiceReference service, FieldPath path, FieldErrors errors)
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
            errors.Invalid(path.Child("port"), port, "port is not valid: " + wrong[0]);
        }

        if (service.Path is { } urlPath && !urlPath.StartsWith('/'))
        {
            errors.Invalid(path.Child("path"), urlPath, "must start with a '/'");
        }
    }
}
