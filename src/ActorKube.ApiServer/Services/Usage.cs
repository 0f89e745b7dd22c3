using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Services;

/// <summary>
/// What the Services in the cache use: how many objects hold each address and each node port. Follows the cache's log, so that
/// it costs the same with ten Services and with ten thousand. Nothing is kept anywhere else: after a crash the Services themselves
/// say what is taken. Not thread-safe.
/// </summary>
internal sealed class Usage
{
    private readonly Dictionary<string, int> _addresses = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Port, string Protocol), int> _ports = [];
    private EventLog? _log;
    private long _position;

    /// <summary>Catches up with a state.</summary>
    public void Follow(CacheState state)
    {
        if (_log != state.Log || !TryCatchUp(state))
        {
            Rebuild(state);
        }
    }

    /// <summary>Whether a Service has the address.</summary>
    public bool HasAddress(string address) => _addresses.ContainsKey(address);

    /// <summary>Whether a Service has the node port for the protocol.</summary>
    public bool HasPort(int port, string protocol) => _ports.ContainsKey((port, protocol));

    /// <summary>The addresses a Service holds.</summary>
    public static IEnumerable<string> AddressesOf(V1Service service)
    {
        var addresses = service.Spec?.ClusterIPs is { Count: > 0 } all ? all : service.Spec?.ClusterIP is { Length: > 0 } one ? [one] : (IList<string>)[];
        return addresses.Where(a => a is not ("None" or ""));
    }

    /// <summary>The node ports a Service holds, the one for health checks included.</summary>
    public static IEnumerable<(int Port, string Protocol)> PortsOf(V1Service service)
    {
        foreach (var port in service.Spec?.Ports ?? [])
        {
            if (port.NodePort is > 0)
            {
                yield return (port.NodePort.Value, port.Protocol ?? "TCP");
            }
        }

        if (service.Spec?.HealthCheckNodePort is > 0)
        {
            yield return (service.Spec.HealthCheckNodePort.Value, "TCP");
        }
    }

    private bool TryCatchUp(CacheState state)
    {
        for (; _position < state.NextPosition; _position++)
        {
            if (state.Log.Read(_position) is not { } change)
            {
                return false;
            }

            if (change.Previous is { } previous)
            {
                Count(previous.Object.As<V1Service>(), -1);
            }

            if (change.Type != StoreEventType.Removed)
            {
                Count(change.Object.Object.As<V1Service>(), 1);
            }
        }

        return true;
    }

    private void Rebuild(CacheState state)
    {
        _addresses.Clear();
        _ports.Clear();
        foreach (var entry in state.Objects.Range(""))
        {
            Count(entry.Object.As<V1Service>(), 1);
        }

        (_log, _position) = (state.Log, state.NextPosition);
    }

    private void Count(V1Service service, int by)
    {
        foreach (var address in AddressesOf(service))
        {
            Count(_addresses, address, by);
        }

        foreach (var port in PortsOf(service))
        {
            Count(_ports, port, by);
        }
    }

    private static void Count<T>(Dictionary<T, int> counts, T key, int by) where T : notnull
    {
        var count = counts.GetValueOrDefault(key) + by;
        if (count > 0)
        {
            counts[key] = count;
        }
        else
        {
            counts.Remove(key);
        }
    }
}
