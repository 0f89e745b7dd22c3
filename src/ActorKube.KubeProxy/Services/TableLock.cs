using System.Net.Sockets;

namespace ActorKube.KubeProxy.Services;

/// <summary>Lets one kube-proxy of several on a machine write the table; the others keep ready to take over.</summary>
public interface ITableLock : IDisposable
{
    /// <summary>Whether we have it, now or already.</summary>
    bool TryTake();
}

/// <summary>
/// An abstract Unix socket's name: unique per network namespace, as the table is, without a file to clean up, and free the moment its
/// process ends, however it ends.
/// </summary>
/// <param name="table">Name of the table.</param>
public sealed class TableLock(string table) : ITableLock
{
    private Socket? _socket;

    /// <inheritdoc/>
    public bool TryTake()
    {
        if (_socket is not null)
        {
            return true;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint($"\0actorkube/kube-proxy/{table}"));
            _socket = socket;
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();
}
