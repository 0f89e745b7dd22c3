using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Api;

public sealed class RestartTests
{
    [Fact]
    public async Task A_server_that_stops_ends_the_watches_on_it()
    {
        var server = new TestServer();
        await server.InitializeAsync();
        using var http = server.Http(server.Server.Certificates.Admin());
        using var response = await http.GetAsync("/api/v1/pods?watch=1", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var reading = body.ReadAsync(new byte[10]).AsTask();
        Assert.False(reading.IsCompleted);
        await server.DisposeAsync();
        Assert.Equal(0, await reading.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_server_started_again_has_everything_and_gives_no_address_twice()
    {
        var server = new TestServer();
        await server.InitializeAsync();
        try
        {
            var service = new V1Service { Metadata = new V1ObjectMeta { Name = "a" }, Spec = new V1ServiceSpec { Type = "NodePort", Ports = [new V1ServicePort { Port = 80 }] } };
            var made = await server.Admin.CoreV1.CreateNamespacedServiceAsync(service, "default");
            var namespaces = await server.Admin.CoreV1.ListNamespaceAsync();
            var token = server.Server.Tokens.JoinToken;
            await server.StopAsync();

            await server.StartAsync();
            await server.Server.Bootstrapped.WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(token, server.Server.Tokens.JoinToken);
            var after = await server.Admin.CoreV1.ListNamespaceAsync();
            Assert.Equal(namespaces.Items.Select(n => (n.Metadata.Name, n.Metadata.Uid, n.Metadata.ResourceVersion)), after.Items.Select(n => (n.Metadata.Name, n.Metadata.Uid, n.Metadata.ResourceVersion)));
            Assert.Equal(made.Spec.ClusterIP, (await server.Admin.CoreV1.ReadNamespacedServiceAsync("a", "default")).Spec.ClusterIP);
            service.Metadata = new V1ObjectMeta { Name = "b" };
            service.Spec = new V1ServiceSpec { ClusterIP = made.Spec.ClusterIP, Ports = [new V1ServicePort { Port = 80 }] };
            await Assert.ThrowsAsync<k8s.Autorest.HttpOperationException>(() => server.Admin.CoreV1.CreateNamespacedServiceAsync(service, "default"));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
