using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of jobs. Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/</summary>
internal sealed class JobStrategy : Strategy<V1Job>
{
    private const string UidLabel = "batch.kubernetes.io/controller-uid";
    private const string NameLabel = "batch.kubernetes.io/job-name";
    private const string OldUidLabel = "controller-uid";
    private const string OldNameLabel = "job-name";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("jobColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1Job value)
    {
        value.Spec ??= new V1JobSpec();
        value.Status ??= new V1JobStatus();
        JobRules.Default(value.Spec);
    }

    /// <summary>A job that brings no selector of its own selects the pods it makes by its uid.</summary>
    protected override void DefaultOnCreate(V1Job value)
    {
        if (value.Spec.ManualSelector is true || string.IsNullOrEmpty(value.Metadata.Uid))
        {
            return;
        }

        var labels = value.Spec.Template.Metadata.Labels ??= new Dictionary<string, string>();
        labels[UidLabel] = value.Metadata.Uid;
        labels[NameLabel] = value.Metadata.Name ?? "";
        labels[OldUidLabel] = value.Metadata.Uid;
        labels[OldNameLabel] = value.Metadata.Name ?? "";
        value.Spec.Selector ??= new V1LabelSelector();
        value.Spec.Selector.MatchLabels ??= new Dictionary<string, string>();
        value.Spec.Selector.MatchLabels.TryAdd(UidLabel, value.Metadata.Uid);
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1Job value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1JobStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Job value)
    {
        var errors = new FieldErrors();
        JobRules.Validate(value.Spec, FieldPath.Spec, errors);
        if (value.Spec.Selector is null)
        {
            errors.Required(FieldPath.Spec.Child("selector"));
        }
        else
        {
            ObjectMetaRules.ValidateLabelSelector(value.Spec.Selector, FieldPath.Spec.Child("selector"), errors);
            if (LabelSelector.TryFrom(value.Spec.Selector, out var selector, out _) && !selector.Matches(value.Spec.Template.Metadata?.Labels))
            {
                errors.Invalid(FieldPath.Spec.Child("template").Child("metadata").Child("labels"), value.Spec.Template.Metadata?.Labels, "`selector` does not match template `labels`");
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1Job value, V1Job old)
    {
        var (path, errors) = (FieldPath.Spec, (FieldErrors)ValidateCreate(value));
        errors.Unchanged(path.Child("completions"), value.Spec.Completions, value.Spec.CompletionMode == "Indexed" ? value.Spec.Completions : old.Spec.Completions);
        errors.Unchanged(path.Child("selector"), value.Spec.Selector, old.Spec.Selector);
        if (old.Spec.Suspend is not true || old.Status?.StartTime is not null)
        {
            errors.Unchanged(path.Child("template"), value.Spec.Template, old.Spec.Template);
        }

        errors.Unchanged(path.Child("completionMode"), value.Spec.CompletionMode, old.Spec.CompletionMode);
        errors.Unchanged(path.Child("podFailurePolicy"), value.Spec.PodFailurePolicy, old.Spec.PodFailurePolicy);
        errors.Unchanged(path.Child("backoffLimitPerIndex"), value.Spec.BackoffLimitPerIndex, old.Spec.BackoffLimitPerIndex);
        errors.Unchanged(path.Child("managedBy"), value.Spec.ManagedBy, old.Spec.ManagedBy);
        errors.Unchanged(path.Child("successPolicy"), value.Spec.SuccessPolicy, old.Spec.SuccessPolicy);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1Job value, V1Job old)
    {
        var errors = new FieldErrors();
        errors.NonNegative(FieldPath.Status.Child("active"), value.Status?.Active);
        errors.NonNegative(FieldPath.Status.Child("succeeded"), value.Status?.Succeeded);
        errors.NonNegative(FieldPath.Status.Child("failed"), value.Status?.Failed);
        errors.NonNegative(FieldPath.Status.Child("terminating"), value.Status?.Terminating);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Job value, DateTimeOffset now)
    {
        var duration = value.Status?.StartTime is not { } start ? ""
            : HumanDuration.Format((value.Status.CompletionTime?.ToUniversalTime() ?? now.UtcDateTime) - start.ToUniversalTime());
        return
        [
            value.Metadata.Name,
            Status(value),
            Completions(value),
            duration,
            Age(value.Metadata, now),
            Tables.Names(value.Spec?.Template),
            Tables.Images(value.Spec?.Template),
            LabelSelector.TryFrom(value.Spec?.Selector, out var selector, out _) ? selector.ToString() : "",
        ];
    }

    private static string Completions(V1Job job)
    {
        var succeeded = job.Status?.Succeeded ?? 0;
        return job.Spec?.Completions is { } completions
            ? string.Create(CultureInfo.InvariantCulture, $"{succeeded}/{completions}")
            : job.Spec?.Parallelism > 1
                ? string.Create(CultureInfo.InvariantCulture, $"{succeeded}/1 of {job.Spec.Parallelism}")
                : string.Create(CultureInfo.InvariantCulture, $"{succeeded}/1");
    }

    private static string Status(V1Job job)
    {
        bool Is(string type) => job.Status?.Conditions?.Any(c => c.Type == type && c.Status == "True") is true;
        return Is("Complete") ? "Complete"
            : Is("Failed") ? "Failed"
            : job.Metadata.DeletionTimestamp is not null ? "Terminating"
            : Is("Suspended") ? "Suspended"
            : Is("FailureTarget") ? "FailureTarget"
            : Is("SuccessCriteriaMet") ? "SuccessCriteriaMet"
            : "Running";
    }
}
