using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Admission;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Rbac;

/// <summary>
/// Nobody hands on more than he has: who writes a role must hold its rules or have the verb <c>escalate</c>, who writes a binding must
/// hold the role's rules or have the verb <c>bind</c>. Not to be switched off.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
/// </summary>
internal sealed class EscalationCheck(IAuthorizer authorizer, RbacAuthorizer rbac) : IAdmissionPlugin
{
    private const string Group = "rbac.authorization.k8s.io";

    // What a role may come to by aggregation is everything.
    private static readonly V1PolicyRule[] Everything =
    [
        new() { ApiGroups = ["*"], Resources = ["*"], Verbs = ["*"] },
        new() { NonResourceURLs = ["*"], Verbs = ["*"] },
    ];

    /// <inheritdoc/>
    public string Name => "RbacEscalationCheck";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation is "CREATE" or "UPDATE" && kind.Group == Group;

    /// <inheritdoc/>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        // The API server's own defaults and administrators pass; so does an update that only takes finalizers or owners away.
        if (request.User.IsIn(UserInfo.Masters) || request.Old is not null && SameBut(request))
        {
            return ValueTask.CompletedTask;
        }

        return request.Object switch
        {
            V1ClusterRole role => CheckRoleAsync(request, role.Rules, role.AggregationRule, request.Old as V1ClusterRole, cancellationToken),
            V1Role role => CheckRoleAsync(request, role.Rules, null, null, cancellationToken, (request.Old as V1Role)?.Rules),
            V1ClusterRoleBinding binding => CheckBindingAsync(request, binding.RoleRef, cancellationToken),
            V1RoleBinding binding => CheckBindingAsync(request, binding.RoleRef, cancellationToken),
            _ => ValueTask.CompletedTask,
        };
    }

    private async ValueTask CheckRoleAsync(
        AdmissionRequest request, IList<V1PolicyRule>? rules, V1AggregationRule? aggregation, V1ClusterRole? old, CancellationToken cancellationToken, IList<V1PolicyRule>? oldRules = null)
    {
        if ((request.Old is not null && SemanticEquality.Equal(rules, old?.Rules ?? oldRules) && SemanticEquality.Equal(aggregation, old?.AggregationRule))
            || await AllowedAsync(request, "escalate", request.Kind.Resource, request.Name, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        await ConfirmAsync(request, rules ?? [], cancellationToken).ConfigureAwait(false);
        if (aggregation is not null && (request.Old is null || !SemanticEquality.Equal(aggregation, old?.AggregationRule)))
        {
            try
            {
                await ConfirmAsync(request, Everything, cancellationToken).ConfigureAwait(false);
            }
            catch (ApiException)
            {
                throw request.Forbidden("must have cluster-admin privileges to use the aggregationRule");
            }
        }
    }

    private async ValueTask CheckBindingAsync(AdmissionRequest request, V1RoleRef role, CancellationToken cancellationToken)
    {
        var resource = role.Kind == "Role" ? "roles" : "clusterroles";
        if (await AllowedAsync(request, "bind", resource, role.Name ?? "", cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        var policy = await rbac.PolicyAsync(cancellationToken).ConfigureAwait(false);
        var rules = policy.RulesOf(role.Kind ?? "", role.Name ?? "", request.Namespace)
            ?? throw ApiError.NotFound(KindRegistry.BuiltIn.Find(Group, "v1", resource)!, role.Name ?? "");
        await ConfirmAsync(request, rules.Select(r => r.Policy), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask ConfirmAsync(AdmissionRequest request, IEnumerable<V1PolicyRule> wanted, CancellationToken cancellationToken)
    {
        var policy = await rbac.PolicyAsync(cancellationToken).ConfigureAwait(false);
        var (held, errors) = RbacAuthorizer.RulesFor(request.User, request.Namespace, policy);
        var missing = RuleCover.Missing(held, wanted);
        if (missing.Count == 0)
        {
            return;
        }

        var text = $"user \"{request.User.Name}\" (groups=[{string.Join(' ', request.User.Groups.Select(g => $"\"{g}\""))}]) is attempting to grant RBAC permissions not currently held:\n"
            + string.Join('\n', RuleCover.Describe(missing));
        throw request.Forbidden(errors.Count == 0 ? text : $"{text}; resolution errors: [{RbacAuthorizer.Aggregate(errors)}]");
    }

    private ValueTask<bool> AllowedAsync(AdmissionRequest request, string verb, string resource, string name, CancellationToken cancellationToken) =>
        authorizer.IsAllowedAsync(new AccessRequest(request.User, verb, Group, "v1", resource, "", request.Namespace, name), cancellationToken);

    private static bool SameBut(AdmissionRequest request)
    {
        var (value, old) = ((IMetadata<V1ObjectMeta>)request.Object!, (IMetadata<V1ObjectMeta>)request.Old!);
        return request.Object switch
        {
            V1ClusterRoleBinding binding => SemanticEquality.Equal(binding.Subjects, ((V1ClusterRoleBinding)old).Subjects) && SemanticEquality.Equal(binding.RoleRef, ((V1ClusterRoleBinding)old).RoleRef),
            V1RoleBinding binding => SemanticEquality.Equal(binding.Subjects, ((V1RoleBinding)old).Subjects) && SemanticEquality.Equal(binding.RoleRef, ((V1RoleBinding)old).RoleRef),
            _ => false,
        } && SemanticEquality.Equal(value.Metadata.Labels, old.Metadata.Labels) && SemanticEquality.Equal(value.Metadata.Annotations, old.Metadata.Annotations);
    }
}
