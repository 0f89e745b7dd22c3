using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

public class MoreStrategyTests
{
    public static TheoryData<string> Stored => [.. StrategyRegistry.BuiltIn.All.Select(s => s.Kind.ToString())];

    [Theory]
    [MemberData(nameof(Stored))]
    public void Every_kind_takes_an_empty_object_and_prints_a_full_row(string kind)
    {
        var strategy = StrategyRegistry.BuiltIn.All.Single(s => s.Kind.ToString() == kind);
        var value = strategy.NewObject();
        ((IMetadata<V1ObjectMeta>)value).Metadata.Name = "a";
        strategy.Default(value);
        strategy.DefaultOnCreate(value);
        strategy.PrepareForCreate(value);
        strategy.ValidateCreate(value);
        var once = ApiJson.SerializeToString(value);
        strategy.Default(value);
        Assert.Equal(once, ApiJson.SerializeToString(value));
        Assert.Equal(strategy.Columns.Count, strategy.Cells(value, Strategies.Now).Count);
        var copy = ApiJson.Copy(value);
        strategy.PrepareForUpdate(copy, value);
        strategy.ValidateUpdate(copy, value);
        strategy.PrepareForStatusUpdate(copy, value);
        strategy.ValidateStatusUpdate(copy, value);
        _ = strategy.Warnings(copy, value).ToList();
        Assert.Equal(strategy.Columns.Count, strategy.Cells(strategy.NewObject(), Strategies.Now).Count);
    }

    [Fact]
    public void A_stateful_set_gets_its_defaults_and_keeps_its_claims()
    {
        const string yaml = """
            metadata: {name: db}
            spec:
              serviceName: db
              selector: {matchLabels: {app: db}}
              template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: 'db:1'}]}}
              volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
            """;
        var (set, errors) = Strategies.Create<V1StatefulSet>(yaml);
        Assert.Empty(errors);
        Assert.Equal("OrderedReady", set.Spec.PodManagementPolicy);
        Assert.Equal(0, set.Spec.UpdateStrategy.RollingUpdate.Partition);
        Assert.Equal("Retain", set.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted);
        Assert.Equal("Filesystem", set.Spec.VolumeClaimTemplates[0].Spec.VolumeMode);
        Assert.Empty(Strategies.Update(set, s => s.Spec.Replicas = 3).Errors);
        var error = Assert.Single(Strategies.Update(set, s => s.Spec.ServiceName = "other").Errors);
        Assert.StartsWith("spec: Forbidden: updates to statefulset spec for fields other than 'replicas'", error);
        Assert.Equal("db | 0/1 | <unknown>", Strategies.Row(set));
    }

    [Fact]
    public void A_job_selects_its_pods_by_its_uid()
    {
        var (job, errors) = Strategies.Create<V1Job>("metadata: {name: j, uid: u1}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}");
        Assert.Empty(errors);
        Assert.Equal((1, 1, 6, "NonIndexed"), (job.Spec.Completions, job.Spec.Parallelism, job.Spec.BackoffLimit, job.Spec.CompletionMode));
        Assert.Equal("u1", job.Spec.Selector.MatchLabels["batch.kubernetes.io/controller-uid"]);
        Assert.Equal("j", job.Spec.Template.Metadata.Labels["batch.kubernetes.io/job-name"]);
        job.Status = new V1JobStatus { Succeeded = 1, StartTime = Strategies.Now.UtcDateTime.AddSeconds(-30), CompletionTime = Strategies.Now.UtcDateTime.AddSeconds(-20), Conditions = [new V1JobCondition { Type = "Complete", Status = "True" }] };
        Assert.Equal("j | Complete | 1/1 | 10s | <unknown>", Strategies.Row(job));
        Assert.Equal(
            ["spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""],
            Strategies.ErrorsOf<V1Job>("metadata: {name: j, uid: u1}\nspec: {template: {spec: {containers: [{name: c, image: i}]}}}"));
    }

    [Theory]
    [InlineData("'*/5 * * * *'", "")]
    [InlineData("'@hourly'", "")]
    [InlineData("'* * * *'", "spec.schedule: Invalid value: \"* * * *\": expected exactly 5 fields, found 4: [* * * *]")]
    [InlineData("''", "spec.schedule: Required value")]
    public void A_cron_job_has_a_schedule(string schedule, string error) => Assert.Equal(
        error.Length == 0 ? [] : [error],
        Strategies.ErrorsOf<V1CronJob>($"metadata: {{name: c}}\nspec: {{schedule: {schedule}, jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: i}}]}}}}}}}}}}"));

    [Fact]
    public void A_claim_keeps_its_spec_but_may_grow_when_bound()
    {
        var (claim, errors) = Strategies.Create<V1PersistentVolumeClaim>("metadata: {name: c}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}");
        Assert.Empty(errors);
        Assert.Equal("Pending", claim.Status.Phase);
        Assert.Single(Strategies.Update(claim, c => c.Spec.AccessModes = ["ReadWriteMany"]).Errors);
        Assert.Empty(Strategies.Update(claim, c => c.Spec.VolumeName = "pv").Errors);
        claim.Status = new V1PersistentVolumeClaimStatus { Phase = "Bound", Capacity = new Dictionary<string, ResourceQuantity> { ["storage"] = new("1Gi") } };
        Assert.Empty(Strategies.Update(claim, c => c.Spec.Resources.Requests["storage"] = new ResourceQuantity("2Gi")).Errors);
        Assert.Equal(
            ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"],
            Strategies.Update(claim, c => c.Spec.Resources.Requests["storage"] = new ResourceQuantity("512Mi")).Errors);
    }

    [Fact]
    public void Names_of_roles_may_hold_colons()
    {
        var roles = StrategyRegistry.BuiltIn.Of(KindRegistry.BuiltIn.Of<V1ClusterRole>());
        Assert.Empty(roles.ValidateName("system:node", false));
        Assert.Equal(["may not contain '/'"], roles.ValidateName("a/b", false));
        Assert.NotEmpty(Strategies.Of<V1Pod>().ValidateName("system:node", false));
        Assert.Equal("a | Role/r | <unknown> | u |  | ns/s", Strategies.Row(Strategies.Yaml<V1RoleBinding>("metadata: {name: a}\nroleRef: {kind: Role, name: r}\nsubjects: [{kind: User, name: u}, {kind: ServiceAccount, name: s, namespace: ns}]"), wide: true));
    }

    [Fact]
    public void An_ingress_needs_somewhere_to_send_requests()
    {
        Assert.Equal(["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"], Strategies.ErrorsOf<V1Ingress>("metadata: {name: i}\nspec: {}"));
        Assert.Equal(
            ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"],
            Strategies.ErrorsOf<V1Ingress>("metadata: {name: i}\nspec: {rules: [{http: {paths: [{path: /, backend: {service: {name: s, port: {number: 80}}}}]}}]}"));
    }
}
