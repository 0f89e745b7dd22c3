using System.Net;
using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.Client.Transport;
using k8s.Models;

namespace ActorKube.Client.Tests.Transport;

public class HttpTransportTests
{
    [Fact]
    public async Task Reads_lists_and_gives_items_their_kind()
    {
        var client = Answering(200, """{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"a"}}]}""", out _);

        var list = await client.For<V1Pod>().ListAsync("web");

        Assert.Equal("5", list.ResourceVersion);
        Assert.Equal(("v1", "Pod", "a"), (list.Items[0].ApiVersion, list.Items[0].Kind, list.Items[0].Metadata.Name));
    }

    [Fact]
    public async Task Follows_pages_without_naming_a_version_again()
    {
        var urls = new List<string>();
        var client = new ApiClient(new HttpTransport(Options, new Handler(request =>
        {
            urls.Add(request.RequestUri!.PathAndQuery);
            var more = urls.Count == 1 ? "\"continue\":\"t\"," : "";
            return Json(200, $$$"""{"kind":"PodList","apiVersion":"v1","metadata":{{{{more}}}"resourceVersion":"5"},"items":[{"metadata":{"name":"p{{{urls.Count}}}"}}]}""");
        })), "test");

        var list = await client.For<V1Pod>().ListAsync(null, new ListOptions { ResourceVersion = "0" });

        Assert.Equal(["p1", "p2"], list.Items.Select(i => i.Metadata.Name));
        Assert.Equal(["/api/v1/pods?limit=500&resourceVersion=0", "/api/v1/pods?continue=t&limit=500"], urls);
    }

    [Fact]
    public async Task Sends_the_token_the_body_and_the_patch_type()
    {
        var client = Answering(200, """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}""", out var sent);

        await client.For<V1Pod>().PatchAsync("web", "a", Patch.Merge("""{"x":1}"""), "status");

        var request = Assert.Single(sent);
        Assert.Equal("PATCH https://api:6443/api/v1/namespaces/web/pods/a/status Bearer t application/merge-patch+json {\"x\":1}", request);
    }

    [Fact]
    public async Task A_Status_becomes_an_exception()
    {
        var client = Answering(409, """{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"m","reason":"Conflict","code":409}""", out _);

        var e = await Assert.ThrowsAsync<ApiException>(() => client.For<V1Pod>().GetAsync("web", "a"));

        Assert.True(e.IsConflict);
    }

    [Fact]
    public async Task An_answer_that_is_no_Status_keeps_its_words()
    {
        var client = Answering(502, "the proxy is unwell", out _);

        var e = await Assert.ThrowsAsync<ApiException>(() => client.For<V1Pod>().GetAsync("web", "a"));

        Assert.Equal((502, "the proxy is unwell"), (e.Code, e.Message));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        var client = new ApiClient(new HttpTransport(Options, new Handler(_ => throw new HttpRequestException("connection refused"))), "test");

        await Assert.ThrowsAsync<ApiUnreachableException>(() => client.For<V1Pod>().GetAsync("web", "a"));
        await Assert.ThrowsAsync<ApiUnreachableException>(async () => await client.For<V1Pod>().WatchAsync().GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task A_watch_yields_its_events_and_throws_its_error()
    {
        var client = Answering(200, """
            {"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","resourceVersion":"1"}}}
            {"type":"DELETED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","resourceVersion":"2"}}}
            {"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old","reason":"Expired","code":410}}
            """, out _);
        var seen = new List<string>();

        var e = await Assert.ThrowsAsync<ApiException>(async () =>
        {
            await foreach (var change in client.For<V1Pod>().WatchAsync())
                seen.Add($"{change.Type} {change.Object.Metadata.ResourceVersion}");
        });

        Assert.True(e.IsGone);
        Assert.Equal(["ADDED 1", "DELETED 2"], seen);
    }

    private static HttpTransportOptions Options => new() { Server = new Uri("https://api:6443"), Token = () => "t" };

    private static ApiClient Answering(int code, string body, out List<string> sent)
    {
        var log = sent = [];
        return new ApiClient(new HttpTransport(Options, new Handler(request =>
        {
            var text = request.Content is null ? "" : new StreamReader(request.Content.ReadAsStream()).ReadToEnd();
            log.Add($"{request.Method} {request.RequestUri} {request.Headers.Authorization} {request.Content?.Headers.ContentType} {text}");
            return Json(code, body);
        })), "test");
    }

    private static HttpResponseMessage Json(int code, string body) =>
        new((HttpStatusCode)code) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private sealed class Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request));
    }
}
