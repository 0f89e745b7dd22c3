using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of cron jobs. Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/</summary>
internal sealed class CronJobStrategy : Strategy<V1CronJob>
{
    // A job's name is the cron job's and eleven characters more, and it becomes a label.
    private const int MaxName = 52;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("cronJobColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1CronJob value)
    {
        var spec = value.Spec ??= new V1CronJobSpec();
        value.Status ??= new V1CronJobStatus();
        spec.ConcurrencyPolicy = PodSpecDefaults.Or(spec.ConcurrencyPolicy, "Allow");
        spec.Suspend ??= false;
        spec.SuccessfulJobsHistoryLimit ??= 3;
        spec.FailedJobsHistoryLimit ??= 1;
        spec.JobTemplate ??= new V1JobTemplateSpec();
        spec.JobTemplate.Metadata ??= new V1ObjectMeta();
        spec.JobTemplate.Spec ??= new V1JobSpec();
        spec.JobTemplate.Spec.Template = PodSpecDefaults.Apply(spec.JobTemplate.Spec.Template);
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1CronJob value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1CronJobStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1CronJob value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        if (value.Metadata.Name?.Length > MaxName)
        {
            errors.Invalid(FieldPath.Metadata.Child("name"), value.Metadata.Name, $"must be no more than {MaxName} characters");
        }

        if (string.IsNullOrEmpty(spec.Schedule))
        {
            errors.Required(path.Child("schedule"));
        }
        else
        {
            ValidateSchedule(spec, path, errors);
        }

        errors.NonNegative(path.Child("startingDeadlineSeconds"), spec.StartingDeadlineSeconds);
        errors.OneOf(path.Child("concurrencyPolicy"), spec.ConcurrencyPolicy, "Allow", "Forbid", "Replace");

        // The template's job gets its defaults when it is made; here they are only needed to check it.
        var job = ApiJson.Copy(spec.JobTemplate.Spec);
        JobRules.Default(job);
        JobRules.Validate(job, path.Child("jobTemplate").Child("spec"), errors);
        if (spec.JobTemplate.Spec.ManualSelector is true)
        {
            errors.NotSupported(path.Child("jobTemplate").Child("spec").Child("manualSelector"), true, "nil", "false");
        }

        errors.NonNegative(path.Child("successfulJobsHistoryLimit"), spec.SuccessfulJobsHistoryLimit);
        errors.NonNegative(path.Child("failedJobsHistoryLimit"), spec.FailedJobsHistoryLimit);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1CronJob value, DateTimeOffset now)
    {
        var template = value.Spec?.JobTemplate?.Spec?.Template;
        return
        [
            value.Metadata.Name,
            value.Spec?.Schedule ?? "",
            Tables.OrNone(value.Spec?.TimeZone),
            value.Spec?.Suspend is null ? "<unset>" : value.Spec.Suspend is true ? "True" : "False",
            value.Status?.Active?.Count ?? 0,
            value.Status?.LastScheduleTime is { } last ? HumanDuration.Since(last, now) : Tables.None,
            Age(value.Metadata, now),
            Tables.Names(template),
            Tables.Images(template),
            LabelSelector.Format(value.Spec?.JobTemplate?.Spec?.Selector),
        ];
    }

    private static void ValidateSchedule(V1CronJobSpec spec, FieldPath path, FieldErrors errors)
    {
        var fields = spec.Schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (spec.Schedule.Contains("TZ", StringComparison.Ordinal) && spec.Schedule.Contains('='))
        {
            errors.Invalid(path.Child("schedule"), spec.Schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        }
        else if (spec.Schedule.StartsWith('@'))
        {
            if (fields[0] is not ("@yearly" or "@annually" or "@monthly" or "@weekly" or "@daily" or "@midnight" or "@hourly" or "@every"))
            {
                errors.Invalid(path.Child("schedule"), spec.Schedule, $"unrecognized descriptor: {spec.Schedule}");
            }
        }
        else if (fields.Length != 5)
        {
            errors.Invalid(path.Child("schedule"), spec.Schedule, $"expected exactly 5 fields, found {fields.Length}: [{string.Join(' ', fields)}]");
        }

        if (spec.TimeZone is { } zone && (zone.Length == 0 || zone == "Local" || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)))
        {
            errors.Invalid(path.Child("timeZone"), zone, zone == "Local" ? "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones" : $"unknown time zone {zone}");
        }
    }
}
