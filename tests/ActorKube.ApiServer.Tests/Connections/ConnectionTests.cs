using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Tests.Api;
using ActorKube.Client;
using ActorKube.Client.Hosting;
using ActorKube.Client.Protocol;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Connections;

/// <summary>Components that speak in actor messages.</summary>
public sealed class ConnectionTests(TestServer server) : IClassFixture<TestServer>
{
    private static V1ConfigMap ConfigMap(string ns, string name) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns },
        Data = new Dictionary<string, string> { ["k"] = "v" },
    };

    private async Task<(IActorRef Connection, UserInfo User)?> ConnectAsync(ApiCredential credential)
    {
        using var inbox = Inbox.Create(server.System);
        var answer = await server.System.ActorSelection("/user/apiserver").Ask<object>(new Connect(credential, inbox.Receiver), TimeSpan.FromSeconds(10));
        return answer is Connected connected ? (connected.Connection, connected.User) : null;
    }

    [Fact]
    public async Task A_component_of_the_process_reads_writes_and_watches()
    {
        var ns = await server.NamespaceAsync();
        await using var component = ComponentClient.InProcess(server.System, "writer", TestServer.AdminUser);
        var configMaps = component.Client.For<V1ConfigMap>();
        var made = await configMaps.CreateAsync(ConfigMap(ns, "a"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var seen = new List<string>();
        var watching = Task.Run(async () =>
        {
            await foreach (var change in configMaps.WatchAsync(ns, new ListOptions { ResourceVersion = made.Metadata.ResourceVersion }, limit.Token))
            {
                seen.Add($"{change.Type} {change.Object.Metadata.Name}");
                if (seen.Count == 3)
                {
                    return;
                }
            }
        }, limit.Token);
        await configMaps.CreateAsync(ConfigMap(ns, "b"));
        await configMaps.PatchAsync(ns, "b", ActorKube.Client.Patch.Merge("""{"data":{"k":"2"}}"""));
        await configMaps.DeleteAsync(ns, "b");
        await watching;
        Assert.Equal(["ADDED b", "MODIFIED b", "DELETED b"], seen);
        Assert.Equal(["a"], (await configMaps.ListAsync(ns)).Items.Select(i => i.Metadata.Name));
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => configMaps.GetAsync(ns, "b"))).IsNotFound);
    }

    [Fact]
    public async Task Readers_of_one_process_share_one_object()
    {
        var ns = await server.NamespaceAsync();
        await using var component = ComponentClient.InProcess(server.System, "reader", TestServer.AdminUser);
        var configMaps = component.Client.For<V1ConfigMap>();
        var made = await configMaps.CreateAsync(ConfigMap(ns, "a"));
        Assert.Same(made, await configMaps.GetAsync(ns, "a"));
        Assert.Same(made, (await configMaps.ListAsync(ns)).Items.Single());
    }

    [Fact]
    public async Task A_node_joins_with_the_join_token_and_with_no_other()
    {
        var joined = await ConnectAsync(new TokenCredential(server.Server.Tokens.JoinToken, "n7"));
        Assert.Equal("system:node:n7", joined!.Value.User.Name);
        Assert.Contains("system:nodes", joined.Value.User.Groups);
        Assert.Null(await ConnectAsync(new TokenCredential("wrong", "n7")));
        Assert.Null(await ConnectAsync(new TokenCredential("")));
    }

    [Fact]
    public async Task A_watch_is_held_at_its_window_and_goes_on_when_events_are_acknowledged()
    {
        var ns = await server.NamespaceAsync();
        await using var held = new HeldServer();
        await held.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await held.CreateAsync($"c{i}");
        }

        var first = await held.ReceiveAsync();
        Assert.True(first >= 1);
        await held.AcknowledgeAsync(first);
        var total = first;
        while (total < 5)
        {
            var more = await held.ReceiveAsync();
            await held.AcknowledgeAsync(more);
            total += more;
        }

        Assert.Equal(5, total);
    }

    /// <summary>A server whose watches may have one event outstanding, and a client that acknowledges by hand.</summary>
    private sealed class HeldServer : TestKit, IAsyncDisposable
    {
        private readonly TestServer _server = new() { Settings = "actorkube.apiserver.watch.window = 1" };
        private IActorRef _connection = null!;
        private Inbox _inbox = null!;

        public async Task StartAsync()
        {
            await _server.InitializeAsync();
            _inbox = Inbox.Create(_server.System);
            var user = new InProcessCredential(TestServer.AdminUser);
            _connection = (await _server.System.ActorSelection("/user/apiserver").Ask<Connected>(new Connect(user, _inbox.Receiver), TimeSpan.FromSeconds(10))).Connection;
            _connection.Tell(new OpenWatch(1, new ApiRequest { Verb = "watch", Resource = "configmaps", Namespace = "default" }), _inbox.Receiver);
        }

        public Task CreateAsync(string name) => _server.Server.Pipeline.HandleAsync(
            new ApiRequest { Verb = "create", Resource = "configmaps", Namespace = "default", Object = ConfigMap("default", name) }, TestServer.AdminUser, CancellationToken.None);

        public async Task<int> ReceiveAsync()
        {
            var message = await _inbox.ReceiveAsync(TimeSpan.FromSeconds(10));
            return Assert.IsType<WatchEvents>(message).Events.Count;
        }

        public Task AcknowledgeAsync(int count)
        {
            _connection.Tell(new WatchAck(1, count));
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            _inbox.Dispose();
            await _server.DisposeAsync();
            Dispose();
        }
    }
}
