using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Access;

/// <summary>What role bindings and cluster role bindings have in common. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/</summary>
internal static class BindingRules
{
    private const string RbacGroup = "rbac.authorization.k8s.io";

    public static void Default(V1RoleRef role, IList<Rbacv1Subject>? subjects)
    {
        role.ApiGroup = PodSpecDefaults.Or(role.ApiGroup, RbacGroup);
        foreach (var subject in subjects ?? [])
        {
            subject.ApiGroup = subject.Kind is "User" or "Group" ? PodSpecDefaults.Or(subject.ApiGroup, RbacGroup) : subject.ApiGroup;
        }
    }

    public static FieldErrors Validate(V1RoleRef role, IList<Rbacv1Subject>? subjects, bool namespaced)
    {
        var (errors, path) = (new FieldErrors(), FieldPath.Of("roleRef"));
        if (role.ApiGroup != RbacGroup)
        {
            errors.NotSupported(path.Child("apiGroup"), role.ApiGroup ?? "", RbacGroup);
        }

        if (namespaced ? role.Kind is not ("Role" or "ClusterRole") : role.Kind != "ClusterRole")
        {
            errors.NotSupported(path.Child("kind"), role.Kind ?? "", namespaced ? ["ClusterRole", "Role"] : ["ClusterRole"]);
        }

        if (string.IsNullOrEmpty(role.Name))
        {
            errors.Required(path.Child("name"));
        }
        else
        {
            errors.Invalid(path.Child("name"), role.Name, NameRules.PathSegment(role.Name));
        }

        for (var i = 0; i < (subjects?.Count ?? 0); i++)
        {
            Validate(subjects![i], namespaced, FieldPath.Of("subjects").Index(i), errors);
        }

        return errors;
    }

    public static IReadOnlyList<object?> Cells(V1ObjectMeta metadata, string age, V1RoleRef? role, IList<Rbacv1Subject>? subjects) =>
    [
        metadata.Name,
        $"{role?.Kind}/{role?.Name}",
        age,
        Of(subjects, "User", s => s.Name),
        Of(subjects, "Group", s => s.Name),
        Of(subjects, "ServiceAccount", s => $"{s.NamespaceProperty}/{s.Name}"),
    ];

    private static string Of(IList<Rbacv1Subject>? subjects, string kind, Func<Rbacv1Subject, string> name) =>
        string.Join(", ", (subjects ?? []).Where(s => s.Kind == kind).Select(name));

    private static void Validate(Rbacv1Subject subject, bool namespaced, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(subject.Name))
        {
            errors.Required(path.Child("name"));
        }

        switch (subject.Kind)
        {
            case "ServiceAccount":
                if (!string.IsNullOrEmpty(subject.Name))
                {
                    errors.Invalid(path.Child("name"), subject.Name, NameRules.Dns1123Subdomain(subject.Name));
                }

                if (!string.IsNullOrEmpty(subject.ApiGroup))
                {
                    errors.NotSupported(path.Child("apiGroup"), subject.ApiGroup, "");
                }

                if (!namespaced && string.IsNullOrEmpty(subject.NamespaceProperty))
                {
                    errors.Required(path.Child("namespace"));
                }

                break;
            case "User" or "Group":
                if (subject.ApiGroup != RbacGroup)
                {
                    errors.NotSupported(path.Child("apiGroup"), subject.ApiGroup ?? "", RbacGroup);
                }

                break;
            default:
                errors.NotSupported(path.Child("kind"), subject.Kind ?? "", "Group", "ServiceAccount", "User");
                break;
        }
    }
}
