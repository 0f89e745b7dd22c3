using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>The strategy of mutating webhooks. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/</summary>
internal sealed class MutatingWebhookConfigurationStrategy : Strategy<V1MutatingWebhookConfiguration>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("mutatingWebhookColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1MutatingWebhookConfiguration value)
    {
        foreach (var hook in value.Webhooks ?? [])
        {
            hook.FailurePolicy ??= "Fail";
            hook.MatchPolicy ??= "Equivalent";
            hook.NamespaceSelector ??= new V1LabelSelector();
            hook.ObjectSelector ??= new V1LabelSelector();
            hook.TimeoutSeconds ??= 10;
            hook.ReinvocationPolicy ??= "Never";
            WebhookRules.Default(hook.ClientConfig, hook.Rules);
        }
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1MutatingWebhookConfiguration value)
    {
        var errors = new FieldErrors();
        for (var i = 0; i < (value.Webhooks?.Count ?? 0); i++)
        {
            var (hook, path) = (value.Webhooks![i], FieldPath.Of("webhooks").Index(i));
            WebhookRules.Validate(AsValidating(hook), path, errors);
            errors.OneOf(path.Child("reinvocationPolicy"), hook.ReinvocationPolicy, "IfNeeded", "Never");
        }

        WebhookRules.ValidateUnique((value.Webhooks ?? []).Select(hook => hook.Name), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1MutatingWebhookConfiguration value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Webhooks?.Count ?? 0, Age(value.Metadata, now)];

    // But for the reinvocation policy, the rules of both are the same.
    private static V1ValidatingWebhook AsValidating(V1MutatingWebhook hook) => new()
    {
        Name = hook.Name,
        ClientConfig = hook.ClientConfig,
        Rules = hook.Rules,
        FailurePolicy = hook.FailurePolicy,
        MatchPolicy = hook.MatchPolicy,
        NamespaceSelector = hook.NamespaceSelector,
        ObjectSelector = hook.ObjectSelector,
        SideEffects = hook.SideEffects,
        TimeoutSeconds = hook.TimeoutSeconds,
        AdmissionReviewVersions = hook.AdmissionReviewVersions,
        MatchConditions = hook.MatchConditions,
    };
}
