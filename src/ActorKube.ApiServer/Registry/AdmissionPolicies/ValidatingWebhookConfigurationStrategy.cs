using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>The strategy of validating webhooks. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/</summary>
internal sealed class ValidatingWebhookConfigurationStrategy : Strategy<V1ValidatingWebhookConfiguration>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("validatingWebhookColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1ValidatingWebhookConfiguration value)
    {
        foreach (var hook in value.Webhooks ?? [])
        {
            hook.FailurePolicy ??= "Fail";
            hook.MatchPolicy ??= "Equivalent";
            hook.NamespaceSelector ??= new V1LabelSelector();
            hook.ObjectSelector ??= new V1LabelSelector();
            hook.TimeoutSeconds ??= 10;
            WebhookRules.Default(hook.ClientConfig, hook.Rules);
        }
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ValidatingWebhookConfiguration value)
    {
        var errors = new FieldErrors();
        for (var i = 0; i < (value.Webhooks?.Count ?? 0); i++)
        {
            WebhookRules.Validate(value.Webhooks![i], FieldPath.Of("webhooks").Index(i), errors);
        }

        WebhookRules.ValidateUnique((value.Webhooks ?? []).Select(hook => hook.Name), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ValidatingWebhookConfiguration value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Webhooks?.Count ?? 0, Age(value.Metadata, now)];
}
