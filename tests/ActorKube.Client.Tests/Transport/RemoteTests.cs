using ActorKube.Client.Hosting;
using ActorKube.Client.Protocol;
using ActorKube.Client.Tests.Fakes;
using ActorKube.Client.Transport;
using Akka.Actor;
using Akka.Configuration;
using k8s.Models;

namespace ActorKube.Client.Tests.Transport;

/// <summary>Client and API server as two actor systems with a real TCP connection between them.</summary>
public sealed class RemoteTests : IAsyncLifetime
{
    private static readonly Config Remote = ConfigurationFactory.ParseString("""
        akka.actor.provider = remote
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.loglevel = WARNING
        """).WithFallback(ClientSettings.DefaultConfig);

    private readonly FakeApi _api = new();
    private readonly ActorSystem _server = ActorSystem.Create("server", Remote);
    private readonly ActorSystem _node = ActorSystem.Create("node", Remote);
    private readonly List<ApiCredential> _credentials = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await Task.WhenAll(_server.Terminate(), _node.Terminate());

    [Fact]
    public async Task Requests_and_watches_cross_processes()
    {
        var client = Client(() => new TokenCredential("secret", "n1"));
        var big = new V1ConfigMap
        {
            Metadata = new V1ObjectMeta { Name = "big", NamespaceProperty = "default" },
            Data = new Dictionary<string, string> { ["blob"] = new('x', 1_000_000) },
        };

        await client.For<V1ConfigMap>().CreateAsync(big);
        var list = await client.For<V1ConfigMap>().ListAsync();
        Assert.Equal(1_000_000, Assert.Single(list.Items).Data["blob"].Length);
        Assert.Equal(new TokenCredential("secret", "n1"), Assert.Single(_credentials));

        await foreach (var e in client.For<V1ConfigMap>().WatchAsync(null, new ListOptions { ResourceVersion = "0" }))
        {
            Assert.Equal(("ADDED", "big"), (e.Type, e.Object.Metadata.Name));
            break;
        }
    }

    [Fact]
    public async Task A_dead_server_process_ends_what_was_under_way()
    {
        var client = Client(() => new TokenCredential("secret"));
        await client.For<V1ConfigMap>().ListAsync();
        var stuck = client.For<V1ConfigMap>().GetAsync("default", "silence");

        await _server.Terminate();

        await Assert.ThrowsAsync<ApiUnreachableException>(() => stuck.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    private ApiClient Client(Func<ApiCredential> credential)
    {
        var (api, credentials) = (_api, _credentials);
        Func<ApiCredential, bool> accepts = c =>
        {
            credentials.Add(c);
            return true;
        };

        _server.ActorOf(Props.Create(() => new FakeApiServerActor(api, accepts)), "apiserver");
        var transport = new ActorTransport(_node, new ActorTransportOptions
        {
            Credential = credential,
            Servers = ApiServers.At(((ExtendedActorSystem)_server).Provider.DefaultAddress),
        });
        return new ApiClient(transport, "node");
    }
}
