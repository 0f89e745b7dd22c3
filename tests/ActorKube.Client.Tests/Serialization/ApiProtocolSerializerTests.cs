using System.Collections.Immutable;
using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.Client.Hosting;
using ActorKube.Client.Protocol;
using ActorKube.Client.Serialization;
using Akka.Serialization;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.Client.Tests.Serialization;

public class ApiProtocolSerializerTests() : TestKit(ClientSettings.DefaultConfig)
{
    private readonly V1Pod _pod = new() { ApiVersion = "v1", Kind = "Pod", Metadata = new V1ObjectMeta { Name = "web", ResourceVersion = "7" } };

    [Fact]
    public void A_request_keeps_all_it_says()
    {
        var request = new ApiRequest
        {
            Verb = "patch",
            Group = "apps",
            Version = "v1",
            Resource = "deployments",
            Namespace = "shop",
            Name = "web",
            Subresource = "scale",
            Query = ImmutableDictionary<string, string>.Empty.Add("fieldManager", "me"),
            ContentType = "application/merge-patch+json",
            Body = Encoding.UTF8.GetBytes("{}"),
            UserAgent = "akctl",
        };

        var read = RoundTrip(new SendRequest(3, request));

        Assert.Equal(3, read.Id);
        Assert.Equal(request with { Query = read.Request.Query, Body = read.Request.Body }, read.Request);
        Assert.Equal("me", read.Request.Query["fieldManager"]);
        Assert.Equal("{}", Encoding.UTF8.GetString(read.Request.Body.Span));
    }

    [Fact]
    public void An_object_in_a_request_arrives_as_its_JSON()
    {
        var read = RoundTrip(new SendRequest(1, new ApiRequest { Verb = "create", Resource = "pods", Object = _pod }));

        Assert.Null(read.Request.Object);
        Assert.Equal("application/json", read.Request.ContentType);
        Assert.Equal("web", ApiJson.Deserialize<V1Pod>(read.Request.Body.Span).Metadata.Name);
    }

    [Fact]
    public void Answers_and_events_keep_their_objects()
    {
        var done = RoundTrip(new RequestDone(1, new ApiResponse(200, null, new ApiList([new ApiObject(_pod)], "9", "next", 4), ["careful"])));
        Assert.Equal("web", done.Response.List!.Items[0].As<V1Pod>().Metadata.Name);
        Assert.Equal(("9", "next", 4L), (done.Response.List.ResourceVersion, done.Response.List.Continue, done.Response.List.RemainingItemCount));
        Assert.Equal(["careful"], done.Response.Warnings);

        var events = RoundTrip(new WatchEvents(2, [new ApiWatchEvent("ADDED", new ApiObject(_pod)), new ApiWatchEvent("DELETED", new ApiObject(_pod))]));
        Assert.Equal(["ADDED", "DELETED"], events.Events.Select(e => e.Type));

        var closed = RoundTrip(new WatchClosed(2, ApiError.Expired("too old").Status));
        Assert.Equal(410, closed.Error!.Code);
        Assert.Null(RoundTrip(new WatchClosed(2, null)).Error);
        Assert.Equal(new WatchAck(2, 5), RoundTrip(new WatchAck(2, 5)));
        Assert.Equal(new CloseWatch(2), RoundTrip(new CloseWatch(2)));
    }

    [Fact]
    public void A_custom_resource_travels_as_JSON_without_a_class()
    {
        var json = """{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":3}}""";
        var value = ModelTypes.Read(System.Text.Json.JsonDocument.Parse(json).RootElement);

        var read = RoundTrip(new RequestDone(1, new ApiResponse(200, value)));

        Assert.Equal(json, Encoding.UTF8.GetString(read.Response.Object!.Json.Span));
    }

    [Fact]
    public void Connecting_names_both_sides()
    {
        var connect = RoundTrip(new Connect(new TokenCredential("t", "n1"), TestActor));
        Assert.Equal(new TokenCredential("t", "n1"), connect.Credential);
        Assert.Equal(TestActor, connect.Client);

        var connected = RoundTrip(new Connected(TestActor, new UserInfo("system:node:n1", ["system:nodes"], "u")));
        Assert.Equal("system:node:n1", connected.User.Name);
        Assert.Equal(["system:nodes"], connected.User.Groups);
        Assert.Equal(401, RoundTrip(new ConnectRefused(ApiError.Unauthorized().Status)).Status.Code);
    }

    [Fact]
    public void A_credential_of_this_process_never_leaves_it()
    {
        var connect = new Connect(new InProcessCredential(new UserInfo("system:masters", [])), TestActor);

        Assert.Throws<InvalidOperationException>(() => RoundTrip(connect));
    }

    private T RoundTrip<T>(T message) where T : class
    {
        var serializer = Assert.IsType<ApiProtocolSerializer>(Sys.Serialization.FindSerializerFor(message));
        return (T)serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message));
    }
}
