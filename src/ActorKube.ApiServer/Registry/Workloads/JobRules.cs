using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The defaults and rules of a job's spec, in a job and in a cron job's template.</summary>
internal static class JobRules
{
    private const int MaxIndexes = 100_000;

    public static void Default(V1JobSpec spec)
    {
        spec.Template = PodSpecDefaults.Apply(spec.Template);
        if (spec.Completions is null && spec.Parallelism is null)
        {
            (spec.Completions, spec.Parallelism) = (1, 1);
        }

        spec.Parallelism ??= 1;
        spec.BackoffLimit ??= spec.BackoffLimitPerIndex is null ? 6 : int.MaxValue;
        spec.CompletionMode = PodSpecDefaults.Or(spec.CompletionMode, "NonIndexed");
        spec.Suspend ??= false;
        spec.ManualSelector = PodSpecDefaults.TrueOrNull(spec.ManualSelector);
        spec.PodReplacementPolicy = PodSpecDefaults.Or(spec.PodReplacementPolicy, spec.PodFailurePolicy is null ? "TerminatingOrFailed" : "Failed");
        foreach (var rule in spec.PodFailurePolicy?.Rules ?? [])
        {
            foreach (var pattern in rule.OnPodConditions ?? [])
            {
                pattern.Status = PodSpecDefaults.Or(pattern.Status, "True");
            }
        }
    }

    public static void Validate(V1JobSpec spec, FieldPath path, FieldErrors errors)
    {
        errors.NonNegative(path.Child("parallelism"), spec.Parallelism);
        errors.NonNegative(path.Child("completions"), spec.Completions);
        errors.NonNegative(path.Child("activeDeadlineSeconds"), spec.ActiveDeadlineSeconds);
        errors.NonNegative(path.Child("backoffLimit"), spec.BackoffLimit);
        errors.NonNegative(path.Child("ttlSecondsAfterFinished"), spec.TtlSecondsAfterFinished);
        errors.NonNegative(path.Child("backoffLimitPerIndex"), spec.BackoffLimitPerIndex);
        errors.OneOf(path.Child("completionMode"), spec.CompletionMode, "Indexed", "NonIndexed");
        if (spec.CompletionMode == "Indexed")
        {
            if (spec.Completions is null)
            {
                errors.Required(path.Child("completions"), "when completion mode is Indexed");
            }

            if (spec.Parallelism > MaxIndexes)
            {
                errors.Invalid(path.Child("parallelism"), spec.Parallelism, $"must be less than or equal to {MaxIndexes} when completion mode is Indexed");
            }
        }
        else if (spec.BackoffLimitPerIndex is not null)
        {
            errors.Invalid(path.Child("backoffLimitPerIndex"), spec.BackoffLimitPerIndex, "requires indexed completion mode");
        }

        errors.OneOf(path.Child("podReplacementPolicy"), spec.PodReplacementPolicy, "Failed", "TerminatingOrFailed");
        PodSpecValidation.ValidateTemplate(spec.Template, path.Child("template"), errors);
        var restart = spec.Template.Spec?.RestartPolicy;
        if (restart == "Always")
        {
            errors.Required(path.Child("template").Child("spec").Child("restartPolicy"), "valid values: \"OnFailure\", \"Never\"");
        }
        else if (restart is not ("OnFailure" or "Never"))
        {
            errors.NotSupported(path.Child("template").Child("spec").Child("restartPolicy"), restart ?? "", "OnFailure", "Never");
        }
        else if (spec.PodFailurePolicy is not null && restart != "Never")
        {
            errors.Invalid(path.Child("template").Child("spec").Child("restartPolicy"), restart, "only \"Never\" is supported when podFailurePolicy is specified");
        }
    }
}
