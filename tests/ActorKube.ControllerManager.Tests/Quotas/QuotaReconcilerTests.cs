using ActorKube.Api.Machinery;
using ActorKube.Api.Quota;
using ActorKube.ControllerManager.Quotas;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Quotas;

public class QuotaReconcilerTests
{
    private static V1ResourceQuota Quota(string limit, string? used = null, string name = "pods") => new()
    {
        Metadata = Some.Meta("q"),
        Spec = new V1ResourceQuotaSpec { Hard = new Dictionary<string, ResourceQuantity> { [name] = new(limit) } },
        Status = used is null ? new V1ResourceQuotaStatus() : new V1ResourceQuotaStatus
        {
            Hard = new Dictionary<string, ResourceQuantity> { [name] = new(limit) },
            Used = new Dictionary<string, ResourceQuantity> { [name] = new(used) },
        },
    };

    private static V1Pod[] Pods(int count) => [.. Enumerable.Range(0, count).Select(i => Some.Pod($"p{i}"))];

    private static (Plan Plan, QuotaBaseline? Baseline) Reconcile(V1ResourceQuota quota, int pods, QuotaBaseline? baseline = null, double after = 0) =>
        QuotaReconciler.Reconcile(quota, type => type == "pods" ? Pods(pods) : null, baseline, Some.Now.AddSeconds(after));

    private static string? Used(Plan plan) => plan.Of<UpdateStatus>() is [var update] ? ((V1ResourceQuota)update.Object).Status.Used["pods"].ToString() : null;

    [Fact]
    public void A_new_quota_is_put_in_force_with_what_is_there()
    {
        var plan = Reconcile(Quota("5"), 2).Plan;
        Assert.Equal("2", Used(plan));
        Assert.Equal("5", ((V1ResourceQuota)plan.Of<UpdateStatus>()[0].Object).Status.Hard["pods"].ToString());
        Assert.Equal(QuotaReconciler.Settle, plan.RequeueAfter);
    }

    [Fact]
    public void Planning_again_changes_nothing() => Assert.Empty(Reconcile(Quota("5", "2"), 2).Plan.Actions);

    [Fact]
    public void More_than_was_charged_counts_at_once() => Assert.Equal("3", Used(Reconcile(Quota("5", "2"), 3).Plan));

    [Fact]
    public void Less_counts_when_no_write_can_be_on_its_way_any_more()
    {
        var (plan, baseline) = Reconcile(Quota("5", "2"), 1);
        Assert.Empty(plan.Actions);
        Assert.Equal(QuotaReconciler.Settle, plan.RequeueAfter);
        Assert.Equal("1", Used(Reconcile(Quota("5", "2"), 1, baseline, 1).Plan));
    }

    [Fact]
    public void What_was_charged_meanwhile_stays_charged()
    {
        var (_, baseline) = Reconcile(Quota("5", "2"), 1);
        var (plan, next) = Reconcile(Quota("5", "3"), 1, baseline, 1);
        Assert.Equal("2", Used(plan));
        Assert.Equal("1", Used(Reconcile(Quota("5", "2"), 1, next, 2).Plan));
    }

    [Fact]
    public void Types_that_nobody_watches_keep_what_was_charged()
    {
        Assert.Empty(Reconcile(Quota("5", "3", "count/widgets.example.org"), 0).Plan.Actions);
        var first = (V1ResourceQuota)Reconcile(Quota("5", null, "count/widgets.example.org"), 0).Plan.Of<UpdateStatus>()[0].Object;
        Assert.Equal("0", first.Status.Used["count/widgets.example.org"].ToString());
    }

    [Fact]
    public void Only_objects_in_the_scopes_count()
    {
        var quota = Quota("5", "0");
        quota.Spec.Scopes = ["Terminating"];
        var pods = Pods(3);
        pods[0].Spec.ActiveDeadlineSeconds = 5;
        Assert.Equal("1", Used(QuotaReconciler.Reconcile(quota, _ => pods, null, Some.Now).Plan));
    }

    [Fact]
    public void Finished_pods_count_only_as_objects()
    {
        var pods = Pods(2);
        pods[0].Status = new V1PodStatus { Phase = "Succeeded" };
        Assert.Equal("1", Used(QuotaReconciler.Reconcile(Quota("5", "0"), _ => pods, null, Some.Now).Plan));
    }

    // Charges come before their objects are seen; whatever the delays below Settle, the status never says less than is charged and alive.
    [Fact]
    public void The_status_never_falls_below_what_is_charged_and_alive() => Gen.Select(Gen.Int[0, 900], Gen.Int[0, 2], Gen.Int[0, 250]).Array[1, 40].Sample(steps =>
    {
        var (used, alive, now) = (0, 0, 0);
        var arriving = new List<(int At, int Change)>();
        QuotaBaseline? baseline = null;
        foreach (var (delay, what, pause) in steps)
        {
            now += pause;
            if (what == 0)
            {
                used++;
                alive++;
                arriving.Add((now + delay, 1));
            }
            else if (what == 1 && arriving.Count(a => a.At <= now && a.Change > 0) > arriving.Count(a => a.Change < 0))
            {
                alive--;
                arriving.Add((now, -1));
            }

            var seen = arriving.Where(a => a.At <= now).Sum(a => a.Change);
            var (plan, next) = Reconcile(Quota("1k", $"{used}"), seen, baseline, now / 1000d);
            baseline = next;
            used = Used(plan) is { } text ? (int)Quantity.Parse(text).Value : used;
            Assert.True(used >= alive, $"{used} < {alive} at {now}");
        }
    }, iter: 500);
}
