using Akka.Actor;
using Akka.Event;

namespace ActorKube.Host.Cluster;

/// <summary>
/// Keeps a process running when a TLS handshake fails that it began. Akka.Remote takes that for a wrong certificate of this process and shuts the whole actor system
/// down; but a peer that stops, starts or is frozen in that moment looks the same, and would take all that talk to it along. The shutdown that Akka begins is held
/// in its first phase until the process stops for a reason of its own: it was told to, or its cluster took it out. A wrong certificate is in the log, and keeps the
/// process out of the cluster.
/// </summary>
public sealed class HandshakeShield
{
    // Akka keeps the type to itself.
    private const string Reason = "Akka.Remote.Transport.DotNetty.TlsHandshakeFailureReason";

    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets the first phase last.</summary>
    public const string Hocon = "akka.coordinated-shutdown.phases.before-service-unbind.timeout = 1000d";

    /// <summary>Puts the shield up. To be called before others add tasks to the shutdown's first phase that must not run in vain.</summary>
    public static HandshakeShield Over(ActorSystem system)
    {
        var shield = new HandshakeShield();
        var log = Logging.GetLogger(system, typeof(HandshakeShield));
        var shutdown = CoordinatedShutdown.Get(system);
        Akka.Cluster.Cluster.Get(system).RegisterOnMemberRemoved(shield.Release);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "hold-after-failed-handshake", async () =>
        {
            if (shutdown.ShutdownReason?.GetType().FullName == Reason)
            {
                log.Warning("A connection to another process failed in its TLS handshake; this process goes on");
                await shield._released.Task.ConfigureAwait(false);
            }

            return Akka.Done.Instance;
        });
        return shield;
    }

    /// <summary>The process stops: a held shutdown goes on.</summary>
    public void Release() => _released.TrySetResult();
}
