using Akka.Actor;
using Akka.Event;

namespace ActorKube.KubeProxy.Services;

/// <summary>Makes the kernel forget UDP flows, beside the table's transactions so that these never wait for it. Child of <see cref="KubeProxyActor"/>.</summary>
internal sealed class StaleFlowsActor : ReceiveActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly CancellationTokenSource _stopped = new();

    public StaleFlowsActor(IReadOnlyList<string> conntrack)
    {
        Receive<Forget>(forget => StaleConnections.RunAsync(conntrack, forget.Commands, _stopped.Token)
            .PipeTo(Self, success: why => new Forgotten(why), failure: e => new Forgotten(e.Message)));
        Receive<Forgotten>(done =>
        {
            if (done.Why is not null)
            {
                _log.Warning("UDP clients may keep sending to endpoints that are gone: {Reason}", done.Why);
            }
        });
    }

    protected override void PostStop() => _stopped.Cancel();

    /// <summary>Flows to forget, as commands of conntrack.</summary>
    public sealed record Forget(IReadOnlyList<string> Commands);

    private sealed record Forgotten(string? Why);
}
