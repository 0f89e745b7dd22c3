using ActorKube.Api.Meta;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization;

/// <summary>
/// The authorizers in their order: who is in <c>system:masters</c> may do everything; for everybody else the first that allows decides.
/// None of them can forbid what a later one allows.
/// </summary>
internal sealed class AuthorizerChain(params IReadOnlyList<IAuthorizer> authorizers) : IAuthorizer
{
    /// <inheritdoc/>
    public ValueTask<AccessDecision> DecideAsync(AccessRequest request, CancellationToken cancellationToken) =>
        request.User.IsIn(UserInfo.Masters) ? new(AccessDecision.Yes) : AskAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<V1SubjectRulesReviewStatus> RulesAsync(UserInfo user, string ns, CancellationToken cancellationToken)
    {
        var all = new V1SubjectRulesReviewStatus { ResourceRules = [], NonResourceRules = [] };
        var errors = new List<string>();
        foreach (var authorizer in authorizers)
        {
            var rules = await authorizer.RulesAsync(user, ns, cancellationToken).ConfigureAwait(false);
            all.Incomplete |= rules.Incomplete;
            all.ResourceRules = [.. all.ResourceRules, .. rules.ResourceRules];
            all.NonResourceRules = [.. all.NonResourceRules, .. rules.NonResourceRules];
            if (!string.IsNullOrEmpty(rules.EvaluationError))
            {
                errors.Add(rules.EvaluationError);
            }
        }

        all.EvaluationError = errors.Count == 0 ? null : errors.Count == 1 ? errors[0] : $"[{string.Join(", ", errors)}]";
        return all;
    }

    private async ValueTask<AccessDecision> AskAsync(AccessRequest request, CancellationToken cancellationToken)
    {
        var reason = "";
        foreach (var authorizer in authorizers)
        {
            var decision = await authorizer.DecideAsync(request, cancellationToken).ConfigureAwait(false);
            if (decision.Allowed)
            {
                return decision;
            }

            reason = reason.Length == 0 ? decision.Reason : decision.Reason.Length == 0 ? reason : $"{reason}\n{decision.Reason}";
        }

        return new AccessDecision(false, reason);
    }
}
