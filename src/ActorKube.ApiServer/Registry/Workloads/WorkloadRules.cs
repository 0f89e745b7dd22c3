using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>What the controllers of pods have in common: a selector, a template that matches it, and counts.</summary>
internal static class WorkloadRules
{
    /// <summary>A selector that is there, is right and selects something. <paramref name="kind"/> is the kind in lower case.</summary>
    public static void ValidateSelector(V1LabelSelector? selector, string kind, FieldPath path, FieldErrors errors)
    {
        if (selector is null)
        {
            errors.Required(path);
            return;
        }

        ObjectMetaRules.ValidateLabelSelector(selector, path, errors);
        if (selector.MatchLabels is null or { Count: 0 } && selector.MatchExpressions is null or { Count: 0 })
        {
            errors.Invalid(path, selector, $"empty selector is invalid for {kind}");
        }
    }

    /// <summary>A template whose labels the selector matches and whose pods run for ever.</summary>
    public static void ValidateTemplate(V1PodTemplateSpec? template, V1LabelSelector? selector, string kind, FieldPath path, FieldErrors errors)
    {
        if (template is null)
        {
            errors.Required(path);
            return;
        }

        if (selector is not null && !LabelSelector.TryFrom(selector, out var parsed, out _))
        {
            errors.Invalid(FieldPath.Spec.Child("selector"), selector, "invalid label selector");
            return;
        }
        else if (selector is not null && LabelSelector.From(selector) is { IsEmpty: false } matcher && !matcher.Matches(template.Metadata?.Labels))
        {
            errors.Invalid(path.Child("metadata").Child("labels"), template.Metadata?.Labels, "`selector` does not match template `labels`");
        }

        PodSpecValidation.ValidateTemplate(template, path, errors);
        if (template.Spec?.RestartPolicy != "Always")
        {
            errors.NotSupported(path.Child("spec").Child("restartPolicy"), template.Spec?.RestartPolicy ?? "", "Always");
        }

        if (template.Spec?.ActiveDeadlineSeconds is not null)
        {
            errors.Forbidden(path.Child("spec").Child("activeDeadlineSeconds"), $"activeDeadlineSeconds in {kind} is not Supported");
        }
    }

    /// <summary>A count of pods, whole or in percent.</summary>
    public static void ValidateCount(IntOrString? value, FieldPath path, FieldErrors errors)
    {
        var text = value?.Value ?? "0";
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            errors.NonNegative(path, number);
        }
        else
        {
            errors.Invalid(path, text, NameRules.Percent(text));
        }
    }

    /// <summary>The number itself, or the percentage's number; 0 for what is neither.</summary>
    public static int NumberOf(IntOrString? value) =>
        int.TryParse((value?.Value ?? "0").TrimEnd('%'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>A percentage above one hundred.</summary>
    public static void ValidateNotOverAll(IntOrString? value, FieldPath path, FieldErrors errors)
    {
        if (value?.Value is { } text && text.EndsWith('%') && NumberOf(value) > 100)
        {
            errors.Invalid(path, text, "must not be greater than 100%");
        }
    }

    /// <summary>Counts in a status: none negative, and none above the number of replicas.</summary>
    public static void ValidateStatusCounts(FieldErrors errors, int replicas, params ReadOnlySpan<(string Field, int? Count)> counts)
    {
        errors.NonNegative(FieldPath.Status.Child("replicas"), replicas);
        foreach (var (field, count) in counts)
        {
            errors.NonNegative(FieldPath.Status.Child(field), count);
        }

        foreach (var (field, count) in counts)
        {
            if (count > replicas)
            {
                errors.Invalid(FieldPath.Status.Child(field), count, "cannot be greater than status.replicas");
            }
        }
    }

    /// <summary>A counter that may only grow.</summary>
    public static void ValidateNotDecremented(int? count, int? old, string field, FieldErrors errors)
    {
        errors.NonNegative(FieldPath.Status.Child(field), count);
        if (old is not null && (count is null || count < old))
        {
            errors.Invalid(FieldPath.Status.Child(field), count ?? 0, "cannot be decremented");
        }
    }
}
