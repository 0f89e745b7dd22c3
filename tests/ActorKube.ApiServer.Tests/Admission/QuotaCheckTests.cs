using ActorKube.Api.Machinery;
using ActorKube.Api.Quota;
using ActorKube.ApiServer.Admission.Quota;
using ActorKube.ApiServer.Tests.Registry;
using CsCheck;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Admission;

public class QuotaCheckTests
{
    private static RunningQuota Quota(string hard, string used, string more = "") =>
        new(Strategies.Yaml<V1ResourceQuota>($"metadata: {{name: q, namespace: default}}\nspec: {{hard: {hard}{more}}}\nstatus: {{hard: {hard}, used: {used}}}"));

    private static QuotaDemand Create(object value, string resource = "pods") => new(QuotaEvaluator.Of(resource), "CREATE", "", value, null);

    private static V1Pod Pod(string resources = "{}", string more = "") =>
        Strategies.Create<V1Pod>($"metadata: {{name: p, namespace: default}}\nspec: {{containers: [{{name: c, image: i, resources: {resources}}}]{more}}}").Value;

    private static string? Refusal(RunningQuota quota, QuotaDemand demand) => QuotaCheck.Charge([quota], demand, Strategies.Now).Refusal;

    [Fact]
    public void A_full_quota_says_what_was_asked_used_and_limited()
    {
        Assert.Equal("exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2", Refusal(Quota("{pods: 2, requests.cpu: 10}", "{pods: 2, requests.cpu: 1}"), Create(Pod("{requests: {cpu: 1}}"))));
        Assert.Equal(
            "exceeded quota: q, requested: limits.memory=2Gi,requests.cpu=600m, used: limits.memory=0,requests.cpu=500m, limited: limits.memory=1Gi,requests.cpu=1",
            Refusal(Quota("{limits.memory: 1Gi, requests.cpu: 1}", "{limits.memory: 0, requests.cpu: 500m}"), Create(Pod("{requests: {cpu: 600m}, limits: {memory: 2Gi}}"))));
    }

    [Fact]
    public void What_a_quota_counts_must_be_stated() =>
        Assert.Equal("failed quota: q: must specify limits.cpu for: c; requests.memory for: c", Refusal(Quota("{limits.cpu: 1, requests.memory: 1Gi}", "{limits.cpu: 0, requests.memory: 0}"), Create(Pod())));

    [Fact]
    public void A_quota_that_has_not_been_counted_yet_lets_nothing_in() =>
        Assert.Equal("status unknown for quota: q, resources: pods", Refusal(Quota("{pods: 2}", "{}"), Create(Pod())));

    [Theory]
    [InlineData("BestEffort", "{}", "", true)]
    [InlineData("BestEffort", "{requests: {cpu: 1}}", "", false)]
    [InlineData("NotBestEffort", "{requests: {cpu: 1}}", "", true)]
    [InlineData("Terminating", "{}", ", activeDeadlineSeconds: 5", true)]
    [InlineData("NotTerminating", "{}", ", activeDeadlineSeconds: 5", false)]
    [InlineData("PriorityClass", "{}", ", priorityClassName: high", true)]
    [InlineData("PriorityClass", "{}", "", false)]
    [InlineData("CrossNamespacePodAffinity", "{}", ", affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: k, namespaces: [o], labelSelector: {}}]}}", true)]
    public void Only_pods_in_its_scopes_are_charged(string scope, string resources, string more, bool charged)
    {
        var quota = Quota("{pods: 1}", "{pods: 0}", $", scopes: [{scope}]");
        Assert.Equal((charged, null), QuotaCheck.Charge([quota], Create(Pod(resources, more)), Strategies.Now));
        Assert.Equal(charged ? "1" : "0", quota.Used["pods"].ToString());
    }

    [Fact]
    public void What_is_limited_is_used_only_under_a_quota()
    {
        LimitedResource[] limited = [new("pods", ["cpu"], [new() { ScopeName = "PriorityClass", OperatorProperty = "In", Values = ["high"] }])];
        string? Limited(V1Pod pod, params RunningQuota[] quotas) => QuotaCheck.Charge(quotas, Create(pod), Strategies.Now, limited).Refusal;

        Assert.Null(Limited(Pod()));
        Assert.Equal("insufficient quota to consume: cpu,requests.cpu", Limited(Pod("{requests: {cpu: 1}}")));
        Assert.Null(Limited(Pod("{requests: {cpu: 1}}"), Quota("{cpu: 2, requests.cpu: 2}", "{cpu: 0, requests.cpu: 0}")));
        Assert.Equal("insufficient quota to match these scopes: [{PriorityClass In [high]}]", Limited(Pod("{}", ", priorityClassName: high")));
        var selective = Quota("{pods: 1}", "{pods: 0}", ", scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [high]}]}");
        Assert.Null(Limited(Pod("{}", ", priorityClassName: high"), selective));
    }

    [Fact]
    public void Priority_classes_can_be_selected_by_name()
    {
        var quota = Quota("{pods: 1}", "{pods: 1}", ", scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [high]}]}");
        Assert.Null(Refusal(quota, Create(Pod("{}", ", priorityClassName: low"))));
        Assert.NotNull(Refusal(quota, Create(Pod("{}", ", priorityClassName: high"))));
    }

    [Fact]
    public void Objects_are_counted_by_resource_and_group()
    {
        Assert.Equal("exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1",
            Refusal(Quota("{count/deployments.apps: 1}", "{count/deployments.apps: 1}"), Create(new V1Deployment(), "deployments.apps")));
        Assert.Equal("exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1", Refusal(Quota("{configmaps: 1}", "{configmaps: 1}"), Create(new V1ConfigMap(), "configmaps")));
        Assert.NotNull(Refusal(Quota("{count/widgets.example.org: 0}", "{count/widgets.example.org: 0}"), Create(new object(), "widgets.example.org")));
    }

    [Fact]
    public void A_service_that_becomes_a_load_balancer_is_charged_for_the_difference()
    {
        var quota = Quota("{services: 1, services.loadbalancers: 1, services.nodeports: 1}", "{services: 1, services.loadbalancers: 0, services.nodeports: 0}");
        var old = new V1Service { Metadata = new V1ObjectMeta(), Spec = new V1ServiceSpec { Type = "ClusterIP", Ports = [new V1ServicePort { Port = 80 }] } };
        var now = new V1Service { Metadata = new V1ObjectMeta(), Spec = new V1ServiceSpec { Type = "LoadBalancer", Ports = [new V1ServicePort { Port = 80 }] } };
        Assert.Equal((true, null), QuotaCheck.Charge([quota], new QuotaDemand(QuotaEvaluator.Of("services"), "UPDATE", "", now, old), Strategies.Now));
        Assert.Equal("services=1,services.loadbalancers=1,services.nodeports=1", ResourceAmounts.Text(quota.Used));
        Assert.Equal((false, null), QuotaCheck.Charge([quota], new QuotaDemand(QuotaEvaluator.Of("services"), "UPDATE", "", now, now), Strategies.Now));
    }

    [Fact]
    public void Claims_are_charged_by_storage_class()
    {
        var quota = Quota("{gold.storageclass.storage.k8s.io/requests.storage: 1Gi, persistentvolumeclaims: 5}", "{gold.storageclass.storage.k8s.io/requests.storage: 0, persistentvolumeclaims: 0}");
        var claim = Strategies.Yaml<V1PersistentVolumeClaim>("metadata: {name: c}\nspec: {storageClassName: gold, resources: {requests: {storage: 2Gi}}}");
        Assert.Contains("requested: gold.storageclass.storage.k8s.io/requests.storage=2Gi", Refusal(quota, Create(claim, "persistentvolumeclaims")), StringComparison.Ordinal);
    }

    [Fact]
    public void All_quotas_must_have_room_or_none_is_charged()
    {
        var (wide, narrow) = (Quota("{pods: 9}", "{pods: 0}"), Quota("{pods: 0}", "{pods: 0}"));
        Assert.NotNull(QuotaCheck.Charge([wide, narrow], Create(Pod()), Strategies.Now).Refusal);
        Assert.False(wide.Changed || narrow.Changed);
    }

    [Fact]
    public void Whatever_comes_in_whatever_order_the_limit_holds() =>
        Gen.Select(Gen.Int[1, 4000], Gen.Int[1, 500].Array[1, 60]).Sample((limit, requests) =>
        {
            var quota = Quota($"{{requests.cpu: {limit}m}}", "{requests.cpu: 0}");
            var granted = 0;
            foreach (var request in requests)
            {
                granted += QuotaCheck.Charge([quota], Create(Pod($"{{requests: {{cpu: {request}m}}}}")), Strategies.Now).Charged ? request : 0;
            }

            Assert.True(granted <= limit);
            Assert.Equal(Quantity.OfMilli(granted), quota.Used["requests.cpu"]);
        }, iter: 100);

    [Theory]
    [InlineData("hard: {pods: 1, services: 1}, scopes: [BestEffort]", "spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource")]
    [InlineData("hard: {pods: 1}, scopes: [BestEffort, NotBestEffort]", "spec.scopes: Invalid value: [\"BestEffort\",\"NotBestEffort\"]: conflicting scopes")]
    [InlineData("hard: {pods: 1}, scopes: [Never]", "spec.scopes: Invalid value: [\"Never\"]: unsupported scope")]
    [InlineData("hard: {nonsense: 1}", "spec.hard[nonsense]: Invalid value: \"nonsense\": must be a standard resource for quota")]
    [InlineData("hard: {pods: 1}, scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In}]}", "spec.scopeSelector.matchExpressions[0].values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")]
    public void A_quota_with_scopes_that_mean_nothing_is_refused(string spec, string expected) =>
        Assert.Contains(expected, Strategies.ErrorsOf<V1ResourceQuota>($"metadata: {{name: q, namespace: default}}\nspec: {{{spec}}}"));
}
