using System.Net;
using System.Net.Sockets;
using ActorKube.Host.Commands;
using ActorKube.Host.Processes;

namespace ActorKube.Host.Machine;

/// <summary>The ports that a process will listen on, looked at before anything starts, so that a taken one is told in one line that says what to change.</summary>
internal static class Ports
{
    /// <summary>Throws <see cref="ProcessFailedException"/> at the first port that somebody else has.</summary>
    /// <param name="settings">The process' configuration.</param>
    /// <param name="controlPlane">Whether the process has an API server.</param>
    /// <param name="node">Whether the process has a kubelet.</param>
    public static void MustBeFree(ProcessSettings settings, bool controlPlane, bool node)
    {
        var section = settings.Config.GetConfig("actorkube");
        MustBeFree(settings.ClusterHostname, settings.ClusterPort, "actorkube.cluster.port");
        if (controlPlane)
            MustBeFree(section.GetString("apiserver.bind-address"), section.GetInt("apiserver.port"), "actorkube.apiserver.port");
        if (node)
            MustBeFree(section.GetString("kubelet.server.address"), section.GetInt("kubelet.server.port"), "actorkube.kubelet.server.port");
    }

    /// <summary>Looks at one port; 0 is always free, and a name is left to whoever resolves it.</summary>
    internal static void MustBeFree(string address, int port, string key)
    {
        if (port == 0 || !IPAddress.TryParse(address, out var ip))
            return;
        try
        {
            using var listener = new TcpListener(ip, port);
            listener.Start();
        }
        catch (SocketException e)
        {
            throw new ProcessFailedException($"cannot listen on {address}:{port}: {Reason(e)}; another port: --set {key}=<port>", e);
        }
    }

    private static string Reason(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "it is in use by another process",
        SocketError.AccessDenied => "permission denied",
        _ => e.Message,
    };
}
