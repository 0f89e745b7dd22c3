using System.Reflection;
using ActorKube.Host.Cluster;
using Akka.Actor;
using Akka.Configuration;

namespace ActorKube.Host.Tests.Cluster;

public sealed class HandshakeShieldTests
{
    // As Akka.Remote makes it, which keeps the type to itself.
    private static CoordinatedShutdown.Reason FailedHandshake() => (CoordinatedShutdown.Reason)Activator.CreateInstance(
        typeof(Akka.Remote.RemoteActorRefProvider).Assembly.GetType("Akka.Remote.Transport.DotNetty.TlsHandshakeFailureReason", throwOnError: true)!,
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, ["the peer closed the connection"], null)!;

    private static ActorSystem System() => ActorSystem.Create("shield", ConfigurationFactory.ParseString(HandshakeShield.Hocon + """

        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.loglevel = WARNING
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        """));

    [Fact]
    public async Task A_failed_handshake_ends_the_process_only_once_it_stops_anyway()
    {
        var system = System();
        var shield = HandshakeShield.Over(system);
        var shutdown = CoordinatedShutdown.Get(system);
        var unbound = new TaskCompletionSource();
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "unbind", () =>
        {
            unbound.SetResult();
            return Task.FromResult(Akka.Done.Instance);
        });
        var running = shutdown.Run(FailedHandshake());
        // Whoever stops the process later waits for the same shutdown.
        var asked = shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance);
        Assert.False(unbound.Task.IsCompleted);
        Assert.False(system.WhenTerminated.IsCompleted);
        shield.Release();
        await Task.WhenAll(running, asked, unbound.Task, system.WhenTerminated).WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Any_other_shutdown_goes_its_way()
    {
        var system = System();
        HandshakeShield.Over(system);
        await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterDowningReason.Instance).WaitAsync(TimeSpan.FromSeconds(60));
        await system.WhenTerminated.WaitAsync(TimeSpan.FromSeconds(60));
    }
}
