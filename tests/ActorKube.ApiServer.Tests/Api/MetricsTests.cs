using System.Diagnostics;
using ActorKube.ApiServer.Monitoring;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>What a server says of itself.</summary>
public sealed class MetricsTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData("^apiserver_request_total\\{verb=\"POST\",dry_run=\"\",group=\"\",version=\"v1\",resource=\"configmaps\",subresource=\"\",scope=\"resource\",component=\"apiserver\",code=\"201\"\\} [1-9]")]
    [InlineData("^apiserver_request_duration_seconds_count\\{verb=\"GET\",dry_run=\"\",group=\"\",version=\"v1\",resource=\"configmaps\",subresource=\"\",scope=\"resource\",component=\"apiserver\"\\} [1-9]")]
    [InlineData("^apiserver_storage_objects\\{resource=\"configmaps\"\\} [1-9]")]
    [InlineData("^apiserver_resource_objects\\{group=\"\",resource=\"configmaps\"\\} [1-9]")]
    [InlineData("^apiserver_current_inflight_requests\\{request_kind=\"mutating\"\\} ")]
    [InlineData("^apiserver_admission_step_admission_duration_seconds_count\\{type=\"admit\",operation=\"CREATE\",rejected=\"false\"\\} [1-9]")]
    [InlineData("^process_cpu_seconds_total [0-9]")]
    [InlineData("^process_resident_memory_bytes [1-9]")]
    [InlineData("^process_open_fds [1-9]")]
    [InlineData("^kubernetes_build_info\\{.*git_version=\"v1.36.0\".*\\} 1")]
    public async Task Tells_the_series_that_Kubernetes_tells(string series)
    {
        var ns = await server.NamespaceAsync();
        await server.KubectlAsync($"-n {ns} create configmap counted");
        await server.KubectlAsync($"-n {ns} get configmap counted");
        Assert.Matches("(?m)" + series, (await server.KubectlAsync("get --raw /metrics")).Output);
    }

    [Fact]
    public async Task Requests_are_traced_with_their_writes_when_somebody_listens()
    {
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == RequestTracing.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var ns = await server.NamespaceAsync();
        await server.KubectlAsync($"-n {ns} create configmap traced");
        var create = Assert.Single(spans, s => s.OperationName == "Create" && (string?)s.GetTagItem("k8s.namespace") == ns && (string?)s.GetTagItem("k8s.resource") == "configmaps");
        Assert.Equal(201, create.GetTagItem("http.response.status_code"));
        Assert.Contains(spans, s => s.OperationName == "Store write" && s.ParentSpanId == create.SpanId);
    }
}
