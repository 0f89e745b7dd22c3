using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.Client.Protocol;
using ActorKube.Client.Tests.Fakes;
using ActorKube.Client.Transport;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.Client.Tests.Transport;

public class ActorTransportTests() : TestKit("""
    akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
    akka.test { default-timeout = 20s, single-expect-default = 20s }
    """)
{
    private readonly FakeApi _api = new();

    [Fact]
    public async Task Creates_and_reads_an_object()
    {
        var client = Connected();

        await client.For<V1ConfigMap>().CreateAsync(ConfigMap("a"));

        Assert.Equal("a", (await client.For<V1ConfigMap>().GetAsync("default", "a")).Metadata.Name);
        Assert.Single((await client.For<V1ConfigMap>().ListAsync()).Items);
    }

    [Fact]
    public async Task A_failure_comes_as_an_ApiException_with_the_Status()
    {
        var e = await Assert.ThrowsAsync<ApiException>(() => Connected().For<V1ConfigMap>().GetAsync("default", "none"));

        Assert.True(e.IsNotFound);
        Assert.Equal("configmaps \"none\" not found", e.Message);
    }

    [Fact]
    public async Task A_request_waits_for_an_API_server_that_starts_later()
    {
        var client = new ApiClient(Transport(), "test");
        var list = client.For<V1ConfigMap>().ListAsync();
        AdvanceBy(TimeSpan.FromSeconds(2));
        Assert.False(list.IsCompleted);

        StartServer();
        AdvanceUntil(() => list.IsCompleted);

        Assert.Empty((await list).Items);
    }

    [Fact]
    public async Task A_request_fails_in_time_when_there_is_no_API_server()
    {
        var list = new ApiClient(Transport(), "test").For<V1ConfigMap>().ListAsync();

        AdvanceUntil(() => list.IsCompleted);

        await Assert.ThrowsAsync<ApiUnreachableException>(() => list);
    }

    [Fact]
    public async Task A_request_that_was_under_way_when_the_connection_broke_fails_and_the_next_finds_a_new_connection()
    {
        var server = StartServer();
        var client = new ApiClient(Transport(), "test");
        await client.For<V1ConfigMap>().ListAsync();
        var stuck = client.For<V1ConfigMap>().GetAsync("default", "silence");

        server.Tell(new FakeApiServerActor.KillConnections());

        await Assert.ThrowsAsync<ApiUnreachableException>(() => stuck.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Empty((await client.For<V1ConfigMap>().ListAsync()).Items);
    }

    [Fact]
    public async Task A_server_that_stays_silent_is_asked_whether_it_lives_and_the_connection_is_kept_when_it_does()
    {
        var client = Connected();
        var stuck = client.For<V1ConfigMap>().GetAsync("default", "silence");

        AdvanceUntil(() => stuck.IsCompleted);
        await Assert.ThrowsAsync<ApiUnreachableException>(() => stuck);

        AdvanceBy(TimeSpan.FromSeconds(6));
        Assert.Empty((await client.For<V1ConfigMap>().ListAsync()).Items);
    }

    [Fact]
    public async Task A_refused_credential_answers_every_request_with_401()
    {
        StartServer(_ => false);
        var list = new ApiClient(Transport(), "test").For<V1ConfigMap>().ListAsync();

        var e = await Assert.ThrowsAsync<ApiException>(() => list);

        Assert.Equal(401, e.Code);
    }

    [Fact]
    public async Task Watches_deliver_events_in_order()
    {
        var client = Connected();
        var seen = new List<string>();
        using var done = new CancellationTokenSource();
        var watch = Task.Run(async () =>
        {
            await foreach (var e in client.For<V1ConfigMap>().WatchAsync(cancellationToken: done.Token))
            {
                lock (seen)
                    seen.Add($"{e.Type} {e.Object.Metadata.Name}");
            }
        });
        AwaitCondition(() => _api.OpenWatches == 1);

        for (var i = 0; i < 200; i++)
            _api.Add(ConfigMap($"m{i}"));

        AwaitCondition(() => { lock (seen) return seen.Count == 200; });
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"ADDED m{i}"), seen);
        done.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
        AwaitCondition(() => _api.OpenWatches == 0);
    }

    [Fact]
    public async Task A_watch_from_a_version_that_is_gone_throws_410()
    {
        _api.Add(ConfigMap("a"));
        _api.Compact();
        var client = Connected();

        var e = await Assert.ThrowsAsync<ApiException>(async () =>
        {
            await foreach (var _ in client.For<V1ConfigMap>().WatchAsync(null, new ListOptions { ResourceVersion = "1" }))
            {
            }
        });

        Assert.True(e.IsGone);
    }

    [Fact]
    public async Task A_watch_ends_with_an_error_when_the_connection_breaks()
    {
        var server = StartServer();
        var client = new ApiClient(Transport(), "test");
        var watch = Task.Run(async () =>
        {
            await foreach (var _ in client.For<V1ConfigMap>().WatchAsync())
            {
            }
        });
        AwaitCondition(() => _api.OpenWatches == 1);

        server.Tell(new FakeApiServerActor.KillConnections());

        await Assert.ThrowsAsync<ApiUnreachableException>(() => watch.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task A_cancelled_request_ends_at_once()
    {
        var client = Connected();
        using var cancel = new CancellationTokenSource();
        var stuck = client.For<V1ConfigMap>().GetAsync("default", "silence", cancel.Token);

        cancel.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck);
    }

    private ApiClient Connected()
    {
        StartServer();
        return new ApiClient(Transport(), "test");
    }

    private IActorRef StartServer(Func<ApiCredential, bool>? accepts = null) =>
        Sys.ActorOf(Props.Create(() => new FakeApiServerActor(_api, accepts ?? (_ => true))), "apiserver");

    private ActorTransport Transport() => new(Sys, new ActorTransportOptions
    {
        Credential = () => new InProcessCredential(new UserInfo("test", [])),
        Random = new Random(1),
    });

    private void AdvanceBy(TimeSpan time) => ((TestScheduler)Sys.Scheduler).Advance(time);

    private void AdvanceUntil(Func<bool> condition) => AwaitCondition(() =>
    {
        AdvanceBy(TimeSpan.FromMilliseconds(250));
        return condition();
    }, TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(5));

    private static V1ConfigMap ConfigMap(string name) => new() { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" } };
}
