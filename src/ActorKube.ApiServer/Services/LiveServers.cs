using k8s.Models;

namespace ActorKube.ApiServer.Services;

/// <summary>
/// Which API servers of the cluster live, by their Leases. A server is taken for dead when its Lease has not changed for as long as the Lease says, counted from
/// when the change was seen here: clocks of machines need not agree.
/// </summary>
internal sealed class LiveServers
{
    /// <summary>The label of a server's Lease, as in Kubernetes.</summary>
    public const string Label = "apiserver.kubernetes.io/identity";

    /// <summary>The annotation that says where the server is.</summary>
    public const string Endpoint = "actorkube.io/endpoint";

    private Dictionary<string, Sight> _seen = [];

    /// <summary>Those that live, and the names of the Leases of those that do not.</summary>
    /// <param name="leases">The Leases as they are.</param>
    /// <param name="now">Time since any beginning.</param>
    public (IReadOnlyList<ServerAddress> Live, IReadOnlyList<string> Dead) Observe(IEnumerable<V1Lease> leases, TimeSpan now)
    {
        var seen = new Dictionary<string, Sight>();
        var (live, dead) = (new List<ServerAddress>(), new List<string>());
        foreach (var lease in leases)
        {
            var name = lease.Metadata.Name;
            var version = lease.Metadata.ResourceVersion;
            var sight = _seen.TryGetValue(name, out var before) && before.Version == version ? before : new Sight(version, now);
            seen[name] = sight;
            if (now - sight.Since > TimeSpan.FromSeconds(lease.Spec?.LeaseDurationSeconds ?? 0))
            {
                dead.Add(name);
            }
            else if (lease.Metadata.Annotations?.TryGetValue(Endpoint, out var endpoint) is true && ServerAddress.Parse(endpoint) is { } address)
            {
                live.Add(address);
            }
        }

        _seen = seen;
        return (live, dead);
    }

    private readonly record struct Sight(string Version, TimeSpan Since);
}
