using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.Client.Protocol;
using ActorKube.ControllerManager.Autoscaling;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Autoscaling;

/// <summary>Whole looks at an autoscaler against an API server that is played.</summary>
public sealed class AutoscalerSyncTests
{
    private readonly Api _api = new();
    private readonly HeardEvents _events = new();
    private readonly V2HorizontalPodAutoscaler _autoscaler = Autoscaler();
    private readonly ListOf<V2HorizontalPodAutoscaler> _autoscalers;
    private readonly List<V1Pod> _pods = ReplicaCalculatorTests.Pods(2);
    private readonly AutoscalerSync _sync;

    public AutoscalerSyncTests()
    {
        _autoscalers = new([_autoscaler]);
        _sync = new AutoscalerSync(_autoscalers, new ListOf<V1Pod>(_pods), new ScaleTargets(new ListOf<V1CustomResourceDefinition>([Definition()])), _events, AutoscalerSettings.Default, new Clock());
        _api.Usage = new() { ["p0"] = "200m", ["p1"] = "200m" };
    }

    [Fact]
    public async Task A_target_under_load_is_scaled_up()
    {
        var status = await RunAsync();
        Assert.Equal(4, _api.Replicas);
        Assert.Equal((2, 4), (status.CurrentReplicas, status.DesiredReplicas));
        Assert.Equal(Some.Now.UtcDateTime, status.LastScaleTime);
        var metric = Assert.Single(status.CurrentMetrics);
        Assert.Equal(("Resource", "cpu", 100, "200m"), (metric.Type, metric.Resource.Name, metric.Resource.Current.AverageUtilization, metric.Resource.Current.AverageValue.ToString()));
        Assert.Equal(["web Normal SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target"], _events.All);
        Assert.Equal(
            [
                "AbleToScale True SucceededRescale the HPA controller was able to update the target scale to 4",
                "ScalingActive True ValidMetricFound the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
                "ScalingLimited False DesiredWithinRange the desired count is within the acceptable range",
            ],
            Conditions(status));
    }

    [Fact]
    public async Task A_target_that_is_well_is_left_alone()
    {
        _api.Usage = new() { ["p0"] = "100m", ["p1"] = "100m" };
        var status = await RunAsync();
        Assert.Equal((2, 2, 2), (_api.Replicas, status.CurrentReplicas, status.DesiredReplicas));
        Assert.Null(status.LastScaleTime);
        Assert.Empty(_events.All);
        Assert.Equal("AbleToScale True ReadyForNewScale recommended size matches current size", Conditions(status)[0]);
        _autoscaler.Status = status;
        await _sync.RunAsync(_autoscaler, _api);
        Assert.Equal(1, _api.StatusWrites);
    }

    [Fact]
    public async Task A_new_controller_does_not_undo_what_there_is_before_the_window_is_over()
    {
        _api.Usage = new() { ["p0"] = "1m", ["p1"] = "1m" };
        var status = await RunAsync();
        Assert.Equal(2, _api.Replicas);
        Assert.Equal("AbleToScale True ScaleDownStabilized recent recommendations were higher than current one, applying the highest recent recommendation", Conditions(status)[0]);
    }

    [Fact]
    public async Task Without_the_metrics_API_the_condition_says_so()
    {
        _api.Served = false;
        var status = await RunAsync();
        const string Message = "failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (list pods.metrics.k8s.io)";
        Assert.Equal($"ScalingActive False FailedGetResourceMetric the HPA was unable to compute the replica count: {Message}", Conditions(status)[1]);
        Assert.Equal(
            [$"web Warning FailedGetResourceMetric {Message}", $"web Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: {Message}"], _events.All);
        Assert.Equal("", Assert.Single(status.CurrentMetrics).Type);
    }

    [Fact]
    public async Task Pods_metrics_need_the_custom_metrics_API()
    {
        _autoscaler.Spec.Metrics = [new V2MetricSpec { Type = "Pods", Pods = new V2PodsMetricSource { Metric = new V2MetricIdentifier { Name = "requests" }, Target = Average("10") } }];
        var status = await RunAsync();
        Assert.Equal(
            "ScalingActive False FailedGetPodsMetric the HPA was unable to compute the replica count: unable to get metric requests: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
            Conditions(status)[1]);
        _api.Custom["pods/*/requests"] = """{"items":[{"describedObject":{"name":"p0"},"timestamp":"2030-01-01T00:00:00Z","value":"30"},{"describedObject":{"name":"p1"},"timestamp":"2030-01-01T00:00:00Z","value":"10"}]}""";
        status = await RunAsync();
        Assert.Equal((4, "20"), (_api.Replicas, status.CurrentMetrics[0].Pods.Current.AverageValue.ToString()));
    }

    [Fact]
    public async Task Object_metrics_are_read_of_the_object()
    {
        _autoscaler.Spec.Metrics =
        [
            new V2MetricSpec
            {
                Type = "Object",
                ObjectProperty = new V2ObjectMetricSource
                {
                    DescribedObject = new V2CrossVersionObjectReference { ApiVersion = "networking.k8s.io/v1", Kind = "Ingress", Name = "main" },
                    Metric = new V2MetricIdentifier { Name = "hits" },
                    Target = new V2MetricTarget { Type = "Value", Value = new ResourceQuantity("2k") },
                },
            },
        ];
        _api.Custom["ingresses.networking.k8s.io/main/hits"] = """{"items":[{"value":"3k"}]}""";
        var status = await RunAsync();
        Assert.Equal((3, "3k"), (_api.Replicas, status.CurrentMetrics[0].ObjectProperty.Current.Value.ToString()));
        Assert.Contains("web Normal SuccessfulRescale New size: 3; reason: Ingress metric hits above target", _events.All);
    }

    [Fact]
    public async Task External_metrics_are_added_up()
    {
        _autoscaler.Spec.Metrics =
        [
            new V2MetricSpec
            {
                Type = "External",
                External = new V2ExternalMetricSource
                {
                    Metric = new V2MetricIdentifier { Name = "queue", Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["of"] = "work" } } }, Target = Average("30"),
                },
            },
        ];
        Assert.Equal(
            "ScalingActive False FailedGetExternalMetric the HPA was unable to compute the replica count: unable to get external metric default/queue/&LabelSelector{MatchLabels:map[string]string{of: work,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics from external metrics API: the server could not find the requested resource (list queue.external.metrics.k8s.io)",
            Conditions(await RunAsync())[1]);
        _api.Custom["queue?of=work"] = """{"items":[{"value":"50"},{"value":"40"}]}""";
        var status = await RunAsync();
        Assert.Equal((3, "45"), (_api.Replicas, status.CurrentMetrics[0].External.Current.AverageValue.ToString()));
    }

    [Fact]
    public async Task Where_one_of_several_metrics_is_unknown_there_may_be_more_but_not_less()
    {
        _autoscaler.Spec.Metrics.Add(new V2MetricSpec { Type = "Pods", Pods = new V2PodsMetricSource { Metric = new V2MetricIdentifier { Name = "requests" }, Target = Average("10") } });
        var status = await RunAsync();
        Assert.Equal(4, _api.Replicas);
        Assert.StartsWith("ScalingActive True ValidMetricFound", Conditions(status)[1], StringComparison.Ordinal);
        (_api.Replicas, _api.Usage) = (2, new() { ["p0"] = "1m", ["p1"] = "1m" });
        status = await RunAsync();
        Assert.Equal(2, _api.Replicas);
        Assert.StartsWith("ScalingActive False FailedGetPodsMetric", Conditions(status)[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_metrics_the_highest_number_is_taken()
    {
        _autoscaler.Spec.Metrics.Add(new V2MetricSpec { Type = "Pods", Pods = new V2PodsMetricSource { Metric = new V2MetricIdentifier { Name = "requests" }, Target = Average("10") } });
        _api.Custom["pods/*/requests"] = """{"items":[{"describedObject":{"name":"p0"},"value":"15"},{"describedObject":{"name":"p1"},"value":"15"}]}""";
        var status = await RunAsync();
        Assert.Equal((4, 2), (_api.Replicas, status.CurrentMetrics.Count));
    }

    [Theory]
    [InlineData(20, 10, "New size: 10; reason: Current number of replicas above Spec.MaxReplicas")]
    [InlineData(1, 2, "New size: 2; reason: Current number of replicas below Spec.MinReplicas")]
    public async Task Out_of_its_bounds_the_metrics_do_not_matter(int has, int gets, string message)
    {
        (_api.Replicas, _api.Served) = (has, false);
        await RunAsync();
        Assert.Equal(gets, _api.Replicas);
        Assert.Equal([$"web Normal SuccessfulRescale {message}"], _events.All);
    }

    [Fact]
    public async Task A_target_of_zero_replicas_is_not_scaled()
    {
        _api.Replicas = 0;
        var status = await RunAsync();
        Assert.Equal((0, 0), (_api.Replicas, status.DesiredReplicas));
        Assert.Equal("ScalingActive False ScalingDisabled scaling is disabled since the replica count of the target is zero", Conditions(status)[1]);
    }

    [Fact]
    public async Task A_target_that_is_not_there_is_told()
    {
        _api.Replicas = null;
        var status = await RunAsync();
        Assert.Equal(["AbleToScale False FailedGetScale the HPA controller was unable to get the target's current scale: deployments/scale.apps \"web\" not found"], Conditions(status));
        Assert.Equal(["web Warning FailedGetScale deployments/scale.apps \"web\" not found"], _events.All);
    }

    [Fact]
    public async Task A_kind_that_there_is_not_is_told()
    {
        _autoscaler.Spec.ScaleTargetRef.Kind = "Nonsense";
        Assert.Equal("AbleToScale False FailedGetScale the HPA controller was unable to get the target's current scale: no matches for kind \"Nonsense\" in group \"apps\"", Assert.Single(Conditions(await RunAsync())));
    }

    [Fact]
    public async Task Custom_resources_with_a_scale_are_scaled()
    {
        _autoscaler.Spec.ScaleTargetRef = new V2CrossVersionObjectReference { ApiVersion = "example.com/v1", Kind = "Farm", Name = "web" };
        await RunAsync();
        Assert.Equal((4, "farms.example.com"), (_api.Replicas, _api.LastScaled));
    }

    [Fact]
    public async Task A_target_without_a_selector_is_told()
    {
        _api.Selector = null;
        var status = await RunAsync();
        Assert.Equal("ScalingActive False InvalidSelector the HPA target's scale is missing a selector", Conditions(status)[1]);
        Assert.Equal(["web Warning SelectorRequired selector is required", "web Warning FailedComputeMetricsReplicas selector is required"], _events.All);
    }

    [Fact]
    public async Task Pods_of_two_autoscalers_are_ambiguous()
    {
        var other = Autoscaler("other");
        _autoscalers.Items.Add(other);
        await RunAsync();
        await _sync.RunAsync(other, _api);
        Assert.Equal("ScalingActive False AmbiguousSelector pods by selector app=web are controlled by more than one HPA (e.g. [default/other default/web])", Conditions(_api.Written!.Status)[1]);
        _autoscalers.Items.Remove(_autoscaler);
        _sync.Forget(ObjectKey.Of(_autoscaler));
        await _sync.RunAsync(other, _api);
        Assert.StartsWith("ScalingActive True", Conditions(_api.Written!.Status)[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scale_that_somebody_else_wrote_meanwhile_is_read_anew()
    {
        _api.Conflicts = 2;
        await RunAsync();
        Assert.Equal(4, _api.Replicas);
    }

    [Fact]
    public async Task A_scale_that_cannot_be_written_is_told()
    {
        _api.Refused = "no";
        var status = await RunAsync();
        Assert.Equal((2, 0, null), (status.CurrentReplicas, status.DesiredReplicas, status.LastScaleTime));
        Assert.Equal("AbleToScale False FailedUpdateScale the HPA controller was unable to update the target scale: no", Conditions(status)[0]);
        Assert.Equal(["web Warning FailedRescale New size: 4; reason: cpu resource utilization (percentage of request) above target; error: no"], _events.All);
    }

    [Fact]
    public async Task The_time_of_a_condition_is_that_of_its_last_change()
    {
        _autoscaler.Status = new V2HorizontalPodAutoscalerStatus
        {
            Conditions =
            [
                new V2HorizontalPodAutoscalerCondition { Type = "AbleToScale", Status = "True", LastTransitionTime = Some.Now.UtcDateTime.AddHours(-1) },
                new V2HorizontalPodAutoscalerCondition { Type = "ScalingActive", Status = "False", LastTransitionTime = Some.Now.UtcDateTime.AddHours(-1) },
            ],
        };
        var status = await RunAsync();
        Assert.Equal([Some.Now.UtcDateTime.AddHours(-1), Some.Now.UtcDateTime, Some.Now.UtcDateTime], status.Conditions.Select(c => c.LastTransitionTime!.Value));
    }

    [Theory]
    [InlineData("15s", 15)]
    [InlineData("1m0.5s", 60.5)]
    [InlineData("250ms", 0.25)]
    [InlineData("", 0)]
    [InlineData("nonsense", 0)]
    public void Windows_are_read_as_Go_writes_them(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), MetricsClient.WindowOf(text));

    private async Task<V2HorizontalPodAutoscalerStatus> RunAsync()
    {
        await _sync.RunAsync(_autoscaler, _api);
        return _api.Written!.Status;
    }

    private static List<string> Conditions(V2HorizontalPodAutoscalerStatus status) => [.. status.Conditions.Select(c => $"{c.Type} {c.Status} {c.Reason} {c.Message}")];

    private static V2MetricTarget Average(string value) => new() { Type = "AverageValue", AverageValue = new ResourceQuantity(value) };

    private static V2HorizontalPodAutoscaler Autoscaler(string name = "web") => new()
    {
        ApiVersion = "autoscaling/v2",
        Kind = "HorizontalPodAutoscaler",
        Metadata = Some.Meta(name),
        Spec = new V2HorizontalPodAutoscalerSpec
        {
            MinReplicas = 2,
            MaxReplicas = 10,
            ScaleTargetRef = new V2CrossVersionObjectReference { ApiVersion = "apps/v1", Kind = "Deployment", Name = "web" },
            Metrics = [new V2MetricSpec { Type = "Resource", Resource = new V2ResourceMetricSource { Name = "cpu", Target = new V2MetricTarget { Type = "Utilization", AverageUtilization = 50 } } }],
        },
    };

    private static V1CustomResourceDefinition Definition() => new()
    {
        Metadata = new V1ObjectMeta { Name = "farms.example.com" },
        Spec = new V1CustomResourceDefinitionSpec
        {
            Group = "example.com",
            Scope = "Namespaced",
            Names = new V1CustomResourceDefinitionNames { Plural = "farms", Singular = "farm", Kind = "Farm" },
            Versions = [new V1CustomResourceDefinitionVersion { Name = "v1", Served = true, Storage = true, Subresources = new V1CustomResourceSubresources { Scale = new V1CustomResourceSubresourceScale() } }],
        },
        Status = new V1CustomResourceDefinitionStatus { Conditions = [new V1CustomResourceDefinitionCondition { Type = "Established", Status = "True" }] },
    };

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Some.Now;
    }

    private sealed class ListOf<T>(List<T> items) : ILister<T> where T : class, IKubernetesObject<V1ObjectMeta>
    {
        public List<T> Items => items;

        public T? Get(string? ns, string name) => items.Find(i => i.Metadata.Name == name && i.Metadata.NamespaceProperty == ns);

        public IReadOnlyCollection<T> List(string? ns = null) => items;

        public IReadOnlyCollection<T> ByIndex(string name, string key) => throw new NotSupportedException(name);
    }

    private sealed class Api : IApiTransport
    {
        public int? Replicas { get; set; } = 2;

        public string? Selector { get; set; } = "app=web";

        public bool Served { get; set; } = true;

        public Dictionary<string, string> Usage { get; set; } = [];

        public Dictionary<string, string> Custom { get; } = [];

        public int Conflicts { get; set; }

        public string? Refused { get; set; }

        public string LastScaled { get; private set; } = "";

        public V2HorizontalPodAutoscaler? Written { get; private set; }

        public int StatusWrites { get; private set; }

        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken = default) => Task.FromResult((request.Verb, request.Group, request.Subresource) switch
        {
            ("get", _, "scale") => Replicas is { } replicas ? new ApiResponse(200, new ApiObject(Scale(replicas))) : Error(404, "NotFound", "deployments/scale.apps \"web\" not found"),
            ("update", _, "scale") => Rescale(request),
            ("update", "autoscaling", "status") => Write((V2HorizontalPodAutoscaler)request.Object!),
            ("list", "metrics.k8s.io", _) when Served => new ApiResponse(200, null, new ApiList([.. Usage.Select(u => Json(new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = u.Key },
                ["timestamp"] = "2030-01-01T00:00:00Z",
                ["window"] = "15s",
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["usage"] = new JsonObject { ["cpu"] = u.Value } }),
            }.ToJsonString()))], "")),
            ("get", "custom.metrics.k8s.io", _) when Custom.TryGetValue($"{request.Resource}/{request.Name}/{request.Subresource}", out var json) => new ApiResponse(200, Json(json)),
            ("list", "external.metrics.k8s.io", _) when Custom.TryGetValue($"{request.Resource}?{request.Query.GetValueOrDefault("labelSelector")}", out var json) => new ApiResponse(200, Json(json)),
            _ => Error(404, "NotFound", "the server could not find the requested resource"),
        });

        public IAsyncEnumerable<ApiWatchEvent> WatchAsync(ApiRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private ApiResponse Rescale(ApiRequest request)
        {
            if (Refused is not null)
                return Error(403, "Forbidden", Refused);
            if (Conflicts-- > 0)
                return Error(409, "Conflict", "changed");
            (Replicas, LastScaled) = (((V1Scale)request.Object!).Spec.Replicas, $"{request.Resource}.{request.Group}");
            return new ApiResponse(200, new ApiObject(Scale(Replicas ?? 0)));
        }

        private ApiResponse Write(V2HorizontalPodAutoscaler value)
        {
            (Written, StatusWrites) = (value, StatusWrites + 1);
            return new ApiResponse(200, new ApiObject(value));
        }

        private V1Scale Scale(int replicas) => new() { Metadata = new V1ObjectMeta { Name = "web" }, Spec = new V1ScaleSpec { Replicas = replicas }, Status = new V1ScaleStatus { Replicas = replicas, Selector = Selector } };

        private static ApiObject Json(string json) => new(System.Text.Encoding.UTF8.GetBytes(json), typeof(CustomObject));

        private static ApiResponse Error(int code, string reason, string message) => new(code, new ApiObject(ApiError.Status(code, reason, message)));
    }
}
