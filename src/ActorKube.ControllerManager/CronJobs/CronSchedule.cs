using Cronos;
using k8s.Models;

namespace ActorKube.ControllerManager.CronJobs;

/// <summary>When a CronJob is due. Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax</summary>
internal sealed class CronSchedule
{
    // Beyond so many missed times nobody counts any more.
    private const int TooMany = 100;

    private readonly CronExpression _expression;
    private readonly TimeZoneInfo _zone;

    private CronSchedule(CronExpression expression, TimeZoneInfo zone) => (_expression, _zone) = (expression, zone);

    /// <summary>Reads the schedule. Null, and what is wrong with it, when it cannot be read.</summary>
    public static CronSchedule? Of(V1CronJob cronJob, out string error)
    {
        error = "";
        try
        {
            var zone = cronJob.Spec.TimeZone is { Length: > 0 } name ? TimeZoneInfo.FindSystemTimeZoneById(name) : TimeZoneInfo.Utc;
            return new CronSchedule(CronExpression.Parse(cronJob.Spec.Schedule), zone);
        }
        catch (CronFormatException e)
        {
            error = $"unparseable schedule: {cronJob.Spec.Schedule} : {e.Message}";
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            error = $"invalid timeZone: {cronJob.Spec.TimeZone} : {e.Message}";
        }

        return null;
    }

    /// <summary>The first time after <paramref name="after"/>; null for never.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) => _expression.GetNextOccurrence(after, _zone);

    /// <summary>The last due time in (<paramref name="after"/>, <paramref name="now"/>], and whether very many were missed before it.</summary>
    public (DateTimeOffset? Due, bool TooManyMissed) LastDue(DateTimeOffset after, DateTimeOffset now)
    {
        DateTimeOffset? due = null;
        var missed = 0;
        for (var next = Next(after); next is { } time && time <= now; next = Next(time))
        {
            due = time;
            if (++missed > TooMany)
                break;
        }

        if (missed <= TooMany)
            return (due, false);
        // Back from now in growing steps until a window holds a time: its last one is the due one.
        for (var window = TimeSpan.FromMinutes(1); ; window *= 2)
        {
            var (last, from) = ((DateTimeOffset?)null, now - window);
            for (var next = Next(from); next is { } time && time <= now; next = Next(time))
                last = time;
            if (last is not null)
                return (last, true);
        }
    }
}
