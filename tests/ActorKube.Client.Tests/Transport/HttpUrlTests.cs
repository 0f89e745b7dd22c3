using System.Collections.Immutable;
using ActorKube.Client.Protocol;
using ActorKube.Client.Transport;

namespace ActorKube.Client.Tests.Transport;

public class HttpUrlTests
{
    [Theory]
    [InlineData("list", "", "pods", "", "", "", "/api/v1/pods")]
    [InlineData("list", "", "pods", "web", "", "", "/api/v1/namespaces/web/pods")]
    [InlineData("get", "", "namespaces", "", "web", "", "/api/v1/namespaces/web")]
    [InlineData("update", "apps", "deployments", "web", "front", "scale", "/apis/apps/v1/namespaces/web/deployments/front/scale")]
    [InlineData("watch", "", "nodes", "", "", "", "/api/v1/nodes?watch=true")]
    public void Says_what_the_request_says(string verb, string group, string resource, string ns, string name, string subresource, string url) =>
        Assert.Equal(url, HttpUrl.Of(new ApiRequest { Verb = verb, Group = group, Resource = resource, Namespace = ns, Name = name, Subresource = subresource }));

    [Fact]
    public void Escapes_the_query() => Assert.Equal("/api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29&limit=5", HttpUrl.Of(new ApiRequest
    {
        Verb = "list",
        Resource = "pods",
        Query = ImmutableDictionary<string, string>.Empty.Add("labelSelector", "a in (b,c)").Add("limit", "5"),
    }));
}
