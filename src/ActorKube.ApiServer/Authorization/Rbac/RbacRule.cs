using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Rbac;

/// <summary>
/// One rule of a role, laid out for matching. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
/// </summary>
internal sealed class RbacRule
{
    private const string All = "*";

    private readonly string[] _verbs;
    private readonly string[] _groups;
    private readonly string[] _resources;
    private readonly string[] _names;
    private readonly string[] _urls;

    /// <summary>The rule as an object of the API has it.</summary>
    public RbacRule(V1PolicyRule rule)
    {
        Policy = rule;
        _verbs = [.. rule.Verbs ?? []];
        _groups = [.. rule.ApiGroups ?? []];
        _resources = [.. rule.Resources ?? []];
        _names = [.. rule.ResourceNames ?? []];
        _urls = [.. rule.NonResourceURLs ?? []];
    }

    /// <summary>The rule as it was written. Shared: read only.</summary>
    public V1PolicyRule Policy { get; }

    /// <summary>Whether the rule allows the request.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="resource">The resource with its subresource, such as <c>pods/log</c>.</param>
    public bool Allows(AccessRequest request, string resource) => request.Path.Length > 0
        ? Has(_verbs, request.Verb) && AllowsPath(request.Path)
        : Has(_verbs, request.Verb) && Has(_groups, request.Group) && AllowsResource(resource, request.Subresource) && (_names.Length == 0 || _names.AsSpan().Contains(request.Name));

    private bool AllowsResource(string resource, string subresource)
    {
        foreach (var one in _resources)
        {
            if (one == All || one == resource
                || (subresource.Length > 0 && one.Length == subresource.Length + 2 && one.StartsWith("*/", StringComparison.Ordinal) && one.AsSpan(2).SequenceEqual(subresource)))
            {
                return true;
            }
        }

        return false;
    }

    private bool AllowsPath(string path)
    {
        foreach (var url in _urls)
        {
            if (url == All || url == path || (url.EndsWith('*') && path.AsSpan().StartsWith(url.AsSpan().TrimEnd('*'))))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Has(string[] allowed, string wanted)
    {
        foreach (var one in allowed)
        {
            if (one == wanted || one == All)
            {
                return true;
            }
        }

        return false;
    }
}
