using System.Net;
using System.Security.Cryptography.X509Certificates;
using ActorKube.Client.Informers;
using ActorKube.ContainerRuntime;
using ActorKube.Kubelet.Stats;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using k8s.Models;

namespace ActorKube.Kubelet.Server;

/// <summary>The certificates of the kubelet's server.</summary>
/// <param name="Certificate">Its own certificate with its key.</param>
/// <param name="ClientAuthorities">Who may sign clients' certificates.</param>
public sealed record KubeletCertificates(X509Certificate2 Certificate, X509Certificate2Collection ClientAuthorities);

/// <summary>
/// The kubelet's HTTPS server: logs, exec, attach and port-forward for the API server, and what monitoring asks for. Clients need a
/// certificate of the cluster that makes them the API server or an administrator.
/// </summary>
internal sealed class KubeletServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private KubeletServer(WebApplication app, int port) => (_app, Port) = (app, port);

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <summary>Starts the server; port 0 takes a free one. Failures that nobody expected go to <paramref name="onError"/> with the request's path.</summary>
    public static async Task<KubeletServer> StartAsync(
        KubeletSettings settings, KubeletCertificates certificates, IContainerRuntime runtime, Func<ILister<V1Pod>> pods, StatsBoard stats, TimeProvider time,
        Action<Exception, string> onError, CancellationToken cancellationToken)
    {
        // It would watch every file below the working directory for a change of its configuration, which it has from elsewhere.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Parse(settings.ServerAddress), settings.ServerPort, listen =>
            {
                // SPDY and kubectl's WebSockets upgrade HTTP/1.1 connections.
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = certificates.Certificate;
                    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (client, _, _) => ClientRule.IsSigned(client, certificates.ClientAuthorities);
                });
            });
        });
        var app = builder.Build();
        app.UseWebSockets();
        app.Use(ClientRule.Check);
        app.Use((context, next) => ServerException.ReportAsync(context, next, onError));
        var containers = new PodContainers(runtime, settings, pods, time);
        new LogsEndpoint(containers, time).Map(app);
        new StreamingEndpoints(containers, runtime, time).Map(app);
        new ImagesEndpoint(runtime).Map(app);
        new StatsEndpoints(settings, runtime, pods, stats).Map(app);
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new KubeletServer(app, new Uri(address).Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }
}
