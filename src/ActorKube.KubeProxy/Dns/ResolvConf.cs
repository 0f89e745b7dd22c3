using System.Net;

namespace ActorKube.KubeProxy.Dns;

/// <summary>The name servers of a <c>resolv.conf</c>, read again when the file changes.</summary>
/// <param name="path">The file.</param>
public sealed class ResolvConf(string path)
{
    private readonly Lock _gate = new();
    private DateTime _read = DateTime.MinValue;
    private IReadOnlyList<IPAddress> _servers = [];

    /// <summary>The servers in their order; none when there is no file.</summary>
    public IReadOnlyList<IPAddress> Servers()
    {
        lock (_gate)
        {
            var changed = File.GetLastWriteTimeUtc(path);
            if (changed != _read)
            {
                _servers = File.Exists(path) ? Parse(File.ReadAllText(path)) : [];
                _read = changed;
            }

            return _servers;
        }
    }

    /// <summary>The <c>nameserver</c> lines.</summary>
    public static IReadOnlyList<IPAddress> Parse(string text) =>
        [.. text.Split('\n')
            .Select(l => l.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
            .Where(w => w is ["nameserver", ..] && w.Length >= 2)
            .Select(w => IPAddress.TryParse(w[1], out var a) ? a : null)
            .OfType<IPAddress>()];
}
