using System.Net;
using System.Net.Sockets;
using ActorKube.Host.Commands;
using ActorKube.Host.Machine;

namespace ActorKube.Host.Tests.Machine;

public sealed class PortsTests
{
    [Fact]
    public void Names_the_port_that_is_taken_and_the_key_that_changes_it()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var failure = Assert.Throws<ProcessFailedException>(() => Ports.MustBeFree("127.0.0.1", port, "actorkube.apiserver.port"));
        Assert.Equal($"cannot listen on 127.0.0.1:{port}: it is in use by another process; another port: --set actorkube.apiserver.port=<port>", failure.Message);
    }

    [Fact]
    public void Any_free_port_is_always_free() => Ports.MustBeFree("127.0.0.1", 0, "actorkube.apiserver.port");
}
