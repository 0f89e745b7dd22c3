using ActorKube.ApiServer.Endpoints;

namespace ActorKube.ApiServer.Tests.Endpoints;

public sealed class ApiPathTests
{
    [Theory]
    [InlineData("/api/v1/pods", "||v1||pods|||")]
    [InlineData("/api/v1/namespaces/a/pods/p/log", "||v1|a|pods|p|log|")]
    [InlineData("/api/v1/namespaces/a", "||v1||namespaces|a||")]
    [InlineData("/api/v1/namespaces/a/status", "||v1||namespaces|a|status|")]
    [InlineData("/api/v1/namespaces/a/finalize", "||v1||namespaces|a|finalize|")]
    [InlineData("/apis/apps/v1/namespaces/a/deployments/d/scale", "|apps|v1|a|deployments|d|scale|")]
    [InlineData("/apis/apps/v1/deployments", "|apps|v1||deployments|||")]
    [InlineData("/api/v1/nodes/n/proxy/metrics/cadvisor", "||v1||nodes|n|proxy|metrics/cadvisor")]
    [InlineData("/api/v1/watch/namespaces/a/pods", "watch||v1|a|pods|||")]
    public void Names_the_resource(string path, string expected)
    {
        Assert.True(ApiPath.TryParse(path, out var p));
        Assert.Equal(expected, $"{(p.Watch ? "watch" : "")}|{p.Group}|{p.Version}|{p.Namespace}|{p.Resource}|{p.Name}|{p.Subresource}|{p.Rest}");
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api")]
    [InlineData("/api/v1")]
    [InlineData("/apis/apps")]
    [InlineData("/apis/apps/v1")]
    [InlineData("/version")]
    public void Other_paths_name_none(string path) => Assert.False(ApiPath.TryParse(path, out _));

    [Theory]
    [InlineData("GET", "/api/v1/pods", false, "list")]
    [InlineData("GET", "/api/v1/pods", true, "watch")]
    [InlineData("GET", "/api/v1/namespaces/a/pods/p", false, "get")]
    [InlineData("DELETE", "/api/v1/namespaces/a/pods", false, "deletecollection")]
    [InlineData("DELETE", "/api/v1/namespaces/a/pods/p", false, "delete")]
    [InlineData("PATCH", "/api/v1/namespaces/a/pods/p", false, "patch")]
    [InlineData("POST", "/api/v1/namespaces/a/pods", false, "create")]
    [InlineData("POST", "/api/v1/namespaces/a/pods/p/eviction", false, "create")]
    [InlineData("POST", "/api/v1/namespaces/a/pods/p", false, null)]
    [InlineData("PUT", "/api/v1/namespaces/a/pods", false, null)]
    [InlineData("PATCH", "/api/v1/namespaces/a/pods", false, null)]
    public void The_method_is_a_verb(string method, string path, bool watch, string? verb)
    {
        ApiPath.TryParse(path, out var p);
        Assert.Equal(verb, p.Verb(method, watch));
    }
}
