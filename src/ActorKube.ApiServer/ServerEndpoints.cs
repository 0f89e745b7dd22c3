using System.Security.Cryptography;
using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Services;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer;

/// <summary>
/// Keeps the endpoints of the Service <c>kubernetes</c>: this server, or, where several serve the cluster, all that live. Each of those renews a Lease of its own
/// in <c>kube-system</c>, and each sees to it that the endpoints are those whose Leases are renewed.
/// </summary>
internal sealed class ServerEndpoints(SystemObjects objects, string advertised, bool isOneOfSeveral, TimeProvider time, ILogger<ServerEndpoints> log)
{
    private const string System = "kube-system";
    private const string IdentitySelector = LiveServers.Label + "=kube-apiserver";
    private const string SliceSelector = "kubernetes.io/service-name=" + KubernetesService.Name;

    // While the store changes its owner nobody can renew: a Lease outlives that by some seconds.
    private const int LifetimeSeconds = 10;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(1);

    private readonly LiveServers _servers = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly long _started = time.GetTimestamp();
    private ServerAddress? _self;
    private Task _keeping = Task.CompletedTask;

    /// <summary>Adds this server, and goes on keeping the endpoints where there are several.</summary>
    /// <param name="port">The port that the server listens on.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task StartAsync(int port, CancellationToken cancellation)
    {
        if (advertised.Length == 0)
        {
            log.LogWarning("This machine has no address but loopback: the Service kubernetes gets no endpoint");
            return;
        }

        _self = new ServerAddress(advertised, port);
        await KeepOnceAsync(cancellation).ConfigureAwait(false);
        if (isOneOfSeveral)
        {
            _keeping = KeepAsync();
        }
    }

    /// <summary>Takes this server out of the endpoints, where others remain.</summary>
    public async Task StopAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(false);
        _stopped.Dispose();
        if (!isOneOfSeveral || _self is not { } self)
        {
            return;
        }

        using var limit = new CancellationTokenSource(FarewellLimit);
        try
        {
            await objects.DeleteAsync<V1Lease>(System, LeaseName(self), limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            await WriteAsync((await LiveAsync(limit.Token).ConfigureAwait(false)).Where(s => s != self), limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException)
        {
            log.LogDebug("The endpoints of the Service kubernetes keep this server until its Lease is over: {Reason}", e.Message);
        }
    }

    private async Task KeepAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token).ConfigureAwait(false))
            {
                try
                {
                    await KeepOnceAsync(_stopped.Token).ConfigureAwait(false);
                }
                catch (ApiException e)
                {
                    // Another server may have been faster, or the store is away: the next time will do.
                    log.LogDebug("The endpoints of the Service kubernetes could not be kept: {Reason}", e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task KeepOnceAsync(CancellationToken cancellation)
    {
        var self = _self!.Value;
        if (!isOneOfSeveral)
        {
            await WriteAsync([self], cancellation).ConfigureAwait(false);
            return;
        }

        await objects.EnsureAsync(Lease(self), Renew, cancellation).ConfigureAwait(false);
        await WriteAsync([.. await LiveAsync(cancellation).ConfigureAwait(false), self], cancellation).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<ServerAddress>> LiveAsync(CancellationToken cancellation)
    {
        var leases = await objects.ListAsync<V1Lease>(System, IdentitySelector, cancellation).ConfigureAwait(false);
        var (live, dead) = _servers.Observe(leases, time.GetElapsedTime(_started));
        foreach (var name in dead)
        {
            log.LogWarning("The API server of Lease {Lease} is gone", name);
            await objects.DeleteAsync<V1Lease>(System, name, cancellation).ConfigureAwait(false);
        }

        return live;
    }

    private async Task WriteAsync(IEnumerable<ServerAddress> servers, CancellationToken cancellation)
    {
        var live = servers.ToList();
        await objects.EnsureAsync(KubernetesService.Endpoints(live), KubernetesService.Update, cancellation).ConfigureAwait(false);
        var slices = KubernetesService.Slices(live);
        foreach (var slice in slices)
        {
            await objects.EnsureAsync(slice, KubernetesService.Update, cancellation).ConfigureAwait(false);
        }

        foreach (var other in await objects.ListAsync<V1EndpointSlice>("default", SliceSelector, cancellation).ConfigureAwait(false))
        {
            if (other.Metadata.Name.StartsWith(KubernetesService.Name + "-ipv", StringComparison.Ordinal) && slices.All(s => s.Metadata.Name != other.Metadata.Name))
            {
                await objects.DeleteAsync<V1EndpointSlice>("default", other.Metadata.Name, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static string LeaseName(ServerAddress self) => $"apiserver-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(self.ToString())))[..26]}";

    private V1Lease Lease(ServerAddress self) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = LeaseName(self),
            NamespaceProperty = System,
            Labels = new Dictionary<string, string> { [LiveServers.Label] = "kube-apiserver" },
            Annotations = new Dictionary<string, string> { [LiveServers.Endpoint] = self.ToString() },
        },
        Spec = new V1LeaseSpec { HolderIdentity = LeaseName(self), LeaseDurationSeconds = LifetimeSeconds, RenewTime = time.GetUtcNow().UtcDateTime },
    };

    private static bool Renew(V1Lease current, V1Lease wanted)
    {
        (current.Metadata.Labels, current.Metadata.Annotations, current.Spec) = (wanted.Metadata.Labels, wanted.Metadata.Annotations, wanted.Spec);
        return true;
    }
}
