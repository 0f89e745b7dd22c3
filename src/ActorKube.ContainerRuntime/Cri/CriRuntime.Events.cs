using System.Runtime.CompilerServices;
using Grpc.Core;

namespace ActorKube.ContainerRuntime.Cri;

public sealed partial class CriRuntime
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<ContainerEventResponse> GetContainerEventsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var call = _runtime.GetContainerEvents(new GetEventsRequest(), cancellationToken: cancellationToken);
        while (true)
        {
            bool more;
            try
            {
                more = await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
            {
                break;
            }
            catch (RpcException e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw CriErrors.Map("GetContainerEvents", e);
            }

            if (!more)
            {
                throw new ContainerRuntimeException("GetContainerEvents: the runtime ended the stream", ContainerRuntimeError.Unavailable);
            }

            yield return call.ResponseStream.Current;
        }

        await foreach (var happened in PollAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return happened;
        }
    }

    // The first look reports everything that exists: whatever happened before it would otherwise be lost to a caller
    // that listed first and subscribed afterwards.
    private async IAsyncEnumerable<ContainerEventResponse> PollAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.PollInterval, _time);
        var seen = ContainerSnapshot.Empty;
        do
        {
            var sandboxes = ListPodSandboxAsync(null, cancellationToken);
            var containers = await ListContainersAsync(null, cancellationToken).ConfigureAwait(false);
            var now = ContainerSnapshot.Of(await sandboxes.ConfigureAwait(false), containers);
            foreach (var pod in now.Since(seen).GroupBy(change => change.PodSandboxId))
            {
                var (sandbox, statuses) = await PodAsync(pod.Key, containers, cancellationToken).ConfigureAwait(false);
                foreach (var change in pod)
                {
                    yield return new ContainerEventResponse
                    {
                        ContainerId = change.ContainerId,
                        ContainerEventType = change.Type,
                        CreatedAt = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000,
                        PodSandboxStatus = sandbox,
                        ContainersStatuses = { statuses },
                    };
                }
            }

            seen = now;
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    // A real event carries its pod's status, or nothing of it when the pod is gone.
    private async Task<(PodSandboxStatus? Sandbox, List<ContainerStatus> Containers)> PodAsync(
        string podSandboxId, IReadOnlyList<Container> containers, CancellationToken cancellationToken)
    {
        var statuses = new List<ContainerStatus>();
        try
        {
            var sandbox = await PodSandboxStatusAsync(podSandboxId, cancellationToken).ConfigureAwait(false);
            foreach (var container in containers.Where(c => c.PodSandboxId == podSandboxId))
            {
                statuses.Add(await ContainerStatusAsync(container.Id, cancellationToken).ConfigureAwait(false));
            }

            return (sandbox, statuses);
        }
        catch (ContainerRuntimeException e) when (e.IsNotFound)
        {
            return (null, statuses);
        }
    }
}
