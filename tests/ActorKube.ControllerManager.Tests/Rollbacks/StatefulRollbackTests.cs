using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Rollbacks;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Rollbacks;

public class StatefulRollbackTests
{
    private static readonly V1StatefulSet Set = new()
    {
        ApiVersion = "apps/v1",
        Kind = "StatefulSet",
        Metadata = new V1ObjectMeta
        {
            Name = "db", NamespaceProperty = "default", Uid = "uid-db", ResourceVersion = "1",
            Annotations = new Dictionary<string, string> { [RollbackRules.Switch] = "on-failure", ["actorkube.io/rollback-deadline"] = "30s" },
        },
        Spec = new V1StatefulSetSpec { Replicas = 2, Template = Some.Template("db", "bad") },
        Status = new V1StatefulSetStatus(),
    };

    [Fact]
    public void It_fails_when_the_rules_deadline_has_passed_and_not_before()
    {
        var began = Some.Now;
        var current = Revision("db-bad", 2, new RolloutMarks(2, began.UtcDateTime));
        var good = Revision("db-v1", 1, new RolloutMarks(1, began.UtcDateTime) { Good = began.UtcDateTime, GoodIn = 1 });

        Assert.Empty(Reconcile(Rollout(Set, current, [good]), began.AddSeconds(29)).Actions);
        Assert.Equal(TimeSpan.FromSeconds(2), Reconcile(Rollout(Set, current, [good]), began.AddSeconds(29)).RequeueAfter);
        var back = Assert.IsType<Update>(Assert.Single(Reconcile(Rollout(Set, current, [good]), began.AddSeconds(30)).Actions));
        Assert.Equal("RolledBack", back.Announce!.Reason);
        Assert.Equal("db-v1", ((V1StatefulSet)back.Object).Spec.Template.Spec.Containers[0].Image);
    }

    [Fact]
    public void Broken_pods_of_the_failed_revision_are_taken_away_and_serving_ones_stay()
    {
        var set = Api.Machinery.ApiJson.Copy(Set);
        new RollbackRecord("db-bad", 2, "db-v1", 1, "ProgressDeadlineExceeded", "it did not complete").NoteIn(set);
        var current = Revision("db-v1", 3, new RolloutMarks(1, Some.Now.UtcDateTime) { Good = Some.Now.UtcDateTime, GoodIn = 1 });
        var failed = Revision("db-bad", 2, new RolloutMarks(2, Some.Now.UtcDateTime));
        var (broken, serving) = (Some.Pod("db-1", "db"), Some.Pod("db-0", "db").Ready(Some.Now));

        var plan = Reconcile(Rollout(set, current, [failed], r => r.Name == "db-bad" ? [broken, serving] : []), Some.Now);

        Assert.Equal("db-1", Assert.Single(plan.Actions.OfType<Delete>()).Target.Metadata.Name);
        Assert.Contains(plan.Actions.OfType<Merge>(), m => m.Target.Metadata.Name == "db-bad");
    }

    private static Plan Reconcile(Rollout rollout, DateTimeOffset now) =>
        RollbackReconciler.Reconcile(rollout, Some.Context(now), (_, _) => throw new InvalidOperationException("no HTTP here"));

    private static RolloutRevision Revision(string name, long number, RolloutMarks marks) => new(
        new V1ControllerRevision
        {
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default", Annotations = new Dictionary<string, string> { [RolloutMarks.Annotation] = marks.ToText() } },
        },
        number);

    private static Rollout Rollout(V1StatefulSet set, RolloutRevision current, IReadOnlyList<RolloutRevision> others, Func<RolloutRevision, IEnumerable<V1Pod>>? pods = null) => new()
    {
        Workload = set,
        Current = current,
        Others = others,
        PodsOf = pods ?? (_ => []),
        IsComplete = false,
        BlockedByBrokenPods = true,
        WithTemplateOf = revision =>
        {
            var changed = Api.Machinery.ApiJson.Copy(set);
            changed.Spec.Template.Spec.Containers[0].Image = revision.Name;
            return changed;
        },
        WithCondition = _ => null,
    };
}
