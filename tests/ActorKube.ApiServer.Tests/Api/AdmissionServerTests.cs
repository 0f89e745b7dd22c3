using System.Diagnostics;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>The rules of the cluster as people meet them, with kubectl against a whole server.</summary>
public sealed class AdmissionServerTests(AdmissionServerTests.Fixture fixture) : IClassFixture<AdmissionServerTests.Fixture>
{
    private const string Pause = "{metadata: {name: NAME}, apiVersion: v1, kind: Pod, spec: {containers: [{name: c, image: i}]}}";

    private readonly TestServer _server = fixture.Server;

    [Fact]
    public async Task A_namespace_is_held_to_its_level_of_pod_security()
    {
        var ns = await NamespaceAsync();
        Assert.Contains("created", await RunAsync($"-n {ns} apply -f -", Pod("early")));
        var labeled = await RunAsync($"label namespace {ns} pod-security.kubernetes.io/enforce=restricted");
        Assert.Contains($"Warning: existing pods in namespace \"{ns}\" violate the new PodSecurity enforce level \"restricted:latest\"", labeled);
        Assert.Contains("Warning: early: allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile", labeled);
        Assert.Contains(
            "pods \"late\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), ",
            await FailAsync($"-n {ns} apply -f -", Pod("late")));
        Assert.Contains(
            "Warning: would violate PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"c\" must set",
            await RunAsync($"-n {ns} create deployment web --image=i").ContinueWith(t => t.Result.Replace("\"i\"", "\"c\"", StringComparison.Ordinal)));
        Assert.Contains("must be one of privileged, baseline, restricted", await FailAsync($"label namespace {ns} --overwrite pod-security.kubernetes.io/enforce=strict"));
    }

    [Fact]
    public async Task What_pod_security_would_audit_stands_in_the_requests_span()
    {
        var ns = await NamespaceAsync();
        await RunAsync($"label namespace {ns} pod-security.kubernetes.io/enforce=baseline pod-security.kubernetes.io/audit=restricted");
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ActorKube.ApiServer.Monitoring.RequestTracing.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await _server.Admin.CoreV1.CreateNamespacedPodAsync(new V1Pod { Metadata = new V1ObjectMeta { Name = "seen" }, Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Image = "i" }] } }, ns);

        Activity? Span() => spans.FirstOrDefault(s => s.GetTagItem("k8s.namespace") as string == ns && s.GetTagItem("k8s.verb") as string == "create" && s.GetTagItem("k8s.resource") as string == "pods");
        // The span ends after the answer is on its way.
        for (var waited = Stopwatch.StartNew(); Span() is null && waited.Elapsed < TimeSpan.FromSeconds(30);)
        {
            await Task.Delay(20);
        }

        var span = Assert.IsType<Activity>(Span());
        Assert.Equal("baseline:latest", span.GetTagItem("pod-security.kubernetes.io/enforce-policy"));
        Assert.StartsWith("would violate PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false", (string?)span.GetTagItem("pod-security.kubernetes.io/audit-violations"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limit_ranges_fill_in_and_refuse()
    {
        var ns = await NamespaceAsync();
        await RunAsync($"-n {ns} apply -f -", "{apiVersion: v1, kind: LimitRange, metadata: {name: l}, spec: {limits: [{type: Container, default: {cpu: 500m}, defaultRequest: {cpu: 100m}, max: {cpu: '1'}}]}}");
        await RunAsync($"-n {ns} apply -f -", Pod("a"));
        Assert.Equal("100m 500m", await RunAsync($"-n {ns} get pod a -o jsonpath=\"{{.spec.containers[0].resources.requests.cpu}} {{.spec.containers[0].resources.limits.cpu}}\""));
        Assert.Contains(
            "pods \"b\" is forbidden: maximum cpu usage per Container is 1, but limit is 2",
            await FailAsync($"-n {ns} apply -f -", Pod("b").Replace("image: i", "image: i, resources: {limits: {cpu: '2'}}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Concurrent_creates_never_exceed_a_quota()
    {
        const int limit = 10;
        var ns = await NamespaceAsync();
        await QuotaAsync(ns, new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "q" }, Spec = new V1ResourceQuotaSpec { Hard = Amounts(("configmaps", $"{limit}")) } });
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            try
            {
                await _server.Admin.CoreV1.CreateNamespacedConfigMapAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = $"c{i}" } }, ns);
                return "";
            }
            catch (k8s.Autorest.HttpOperationException e)
            {
                return e.Response.Content;
            }
        }));
        Assert.Equal(limit, outcomes.Count(o => o.Length == 0));
        Assert.All(outcomes.Where(o => o.Length > 0), o => Assert.Contains("exceeded quota: q, requested: configmaps=1, used: configmaps=10, limited: configmaps=10", o, StringComparison.Ordinal));
        Assert.Equal(limit, (await _server.Admin.CoreV1.ListNamespacedConfigMapAsync(ns)).Items.Count);
        Assert.Equal("10", (await _server.Admin.CoreV1.ReadNamespacedResourceQuotaAsync("q", ns)).Status.Used["configmaps"].ToString());
    }

    [Fact]
    public async Task A_trial_takes_nothing_from_a_quota()
    {
        var ns = await NamespaceAsync();
        await QuotaAsync(ns, new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "q" }, Spec = new V1ResourceQuotaSpec { Hard = Amounts(("pods", "1")) } });
        for (var i = 0; i < 3; i++)
        {
            await RunAsync($"-n {ns} apply --dry-run=server -f -", Pod("trial"));
        }

        await RunAsync($"-n {ns} apply -f -", Pod("real"));
        Assert.Contains("exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1", await FailAsync($"-n {ns} apply --dry-run=server -f -", Pod("trial")));
    }

    [Fact]
    public async Task Pods_have_an_account_that_exists_and_its_token_and_pull_secrets()
    {
        var ns = await NamespaceAsync();
        Assert.Contains($"pods \"p\" is forbidden: error looking up service account {ns}/nobody: serviceaccount \"nobody\" not found", await FailAsync($"-n {ns} apply -f -", Pod("p").Replace("spec: {", "spec: {serviceAccountName: nobody, ", StringComparison.Ordinal)));
        await RunAsync($"-n {ns} apply -f -", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}, imagePullSecrets: [{name: registry}]}");
        await RunAsync($"-n {ns} apply -f -", Pod("p"));
        Assert.Matches("^default registry kube-api-access-[a-z0-9]{5} 3607$", await RunAsync(
            $"-n {ns} get pod p -o jsonpath=\"{{.spec.serviceAccountName}} {{.spec.imagePullSecrets[0].name}} {{.spec.containers[0].volumeMounts[0].name}} {{.spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds}}\""));
        await RunAsync($"-n {ns} apply -f -", Pod("q").Replace("spec: {", "spec: {automountServiceAccountToken: false, ", StringComparison.Ordinal));
        Assert.Equal("", await RunAsync($"-n {ns} get pod q -o jsonpath=\"{{.spec.volumes}}\""));
    }

    [Fact]
    public async Task Defaults_come_from_the_classes_that_are_marked()
    {
        var ns = await NamespaceAsync();
        await RunAsync("apply -f -", "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: p}");
        await RunAsync("apply -f -", "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: edge, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}, spec: {controller: example.org/c}}");
        await RunAsync($"-n {ns} apply -f -", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}");
        await RunAsync($"-n {ns} create ingress i --rule=a.example.org/=s:80");
        Assert.Equal("fast", await RunAsync($"-n {ns} get pvc c -o jsonpath={{.spec.storageClassName}}"));
        Assert.Equal("edge", await RunAsync($"-n {ns} get ingress i -o jsonpath={{.spec.ingressClassName}}"));
        var grown = await _server.Admin.CoreV1.ReadNamespacedPersistentVolumeClaimAsync("c", ns);
        grown.Status = new V1PersistentVolumeClaimStatus { Phase = "Bound" };
        grown = await _server.Admin.CoreV1.ReplaceNamespacedPersistentVolumeClaimStatusAsync(grown, "c", ns);
        grown.Spec.VolumeName = "v";
        grown = await _server.Admin.CoreV1.ReplaceNamespacedPersistentVolumeClaimAsync(grown, "c", ns);
        grown.Spec.Resources.Requests["storage"] = new ResourceQuantity("2Gi");
        var refused = await Assert.ThrowsAsync<k8s.Autorest.HttpOperationException>(() => _server.Admin.CoreV1.ReplaceNamespacedPersistentVolumeClaimAsync(grown, "c", ns));
        Assert.Contains("only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize", refused.Response.Content);
    }

    [Fact]
    public async Task Runtime_classes_put_their_cost_and_place_into_pods()
    {
        var ns = await NamespaceAsync();
        await AccountAsync(ns);
        await RunAsync("apply -f -", "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: vm}, handler: vm, overhead: {podFixed: {memory: 100Mi}}, scheduling: {nodeSelector: {vm: 'yes'}, tolerations: [{key: vm, operator: Exists}]}}");
        await RunAsync($"-n {ns} apply -f -", Pod("p").Replace("spec: {", "spec: {runtimeClassName: vm, ", StringComparison.Ordinal));
        Assert.Equal("100Mi yes vm", await RunAsync($"-n {ns} get pod p -o jsonpath=\"{{.spec.overhead.memory}} {{.spec.nodeSelector.vm}} {{.spec.tolerations[?(@.key=='vm')].key}}\""));
        Assert.Contains("pod rejected: RuntimeClass \"none\" not found", await FailAsync($"-n {ns} apply -f -", Pod("q").Replace("spec: {", "spec: {runtimeClassName: none, ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_bound_pod_knows_the_zone_of_its_node_and_a_new_node_is_tainted()
    {
        var ns = await NamespaceAsync();
        await RunAsync("apply -f -", "{apiVersion: v1, kind: Node, metadata: {name: zoned, labels: {topology.kubernetes.io/zone: z1}}}");
        Assert.Equal("node.kubernetes.io/not-ready NoSchedule", await RunAsync("get node zoned -o jsonpath=\"{.spec.taints[0].key} {.spec.taints[0].effect}\""));
        await RunAsync($"-n {ns} apply -f -", Pod("p"));
        await _server.Admin.CoreV1.CreateNamespacedPodBindingAsync(new V1Binding { Metadata = new V1ObjectMeta { Name = "p" }, Target = new V1ObjectReference { Kind = "Node", Name = "zoned" } }, "p", ns);
        Assert.Equal("z1", await RunAsync($"-n {ns} get pod p -o jsonpath=\"{{.metadata.labels.topology\\.kubernetes\\.io/zone}}\""));
    }

    private static string Pod(string name) => Pause.Replace("NAME", name, StringComparison.Ordinal);

    private static Dictionary<string, ResourceQuantity> Amounts(params (string Name, string Amount)[] amounts) => amounts.ToDictionary(a => a.Name, a => new ResourceQuantity(a.Amount));

    // What the quota controller would do.
    private async Task QuotaAsync(string ns, V1ResourceQuota quota)
    {
        var made = await _server.Admin.CoreV1.CreateNamespacedResourceQuotaAsync(quota, ns);
        made.Status = new V1ResourceQuotaStatus { Hard = made.Spec.Hard, Used = made.Spec.Hard.ToDictionary(h => h.Key, _ => new ResourceQuantity("0")) };
        await _server.Admin.CoreV1.ReplaceNamespacedResourceQuotaStatusAsync(made, "q", ns);
    }

    private async Task<string> NamespaceAsync()
    {
        var ns = await _server.NamespaceAsync();
        await AccountAsync(ns);
        return ns;
    }

    private Task AccountAsync(string ns) => _server.KubectlAsync($"-n {ns} create serviceaccount default");

    private async Task<string> RunAsync(string arguments, string? input = null)
    {
        var (code, output) = await _server.KubectlAsync(arguments, input is null ? null : "---\n" + input);
        Assert.True(code == 0, $"kubectl {arguments}: {output}");
        return output;
    }

    private async Task<string> FailAsync(string arguments, string? input = null)
    {
        var (code, output) = await _server.KubectlAsync(arguments, input is null ? null : "---\n" + input);
        Assert.True(code != 0, $"kubectl {arguments}: {output}");
        return output;
    }

    /// <summary>A server with every plugin on.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public TestServer Server { get; } = new() { Settings = "actorkube.apiserver.admission.disabled = []" };

        public Task InitializeAsync() => Server.InitializeAsync();

        public Task DisposeAsync() => Server.DisposeAsync();
    }
}
