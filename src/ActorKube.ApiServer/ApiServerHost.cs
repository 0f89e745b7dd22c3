using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using ActorKube.ApiServer.Admission;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.Backup;
using ActorKube.ApiServer.CustomResources.Definitions;
using ActorKube.ApiServer.Encryption;
using ActorKube.ApiServer.Endpoints;
using ActorKube.ApiServer.Endpoints.Proxies;
using ActorKube.ApiServer.History;
using ActorKube.ApiServer.ResourceMetrics;
using ActorKube.ApiServer.Monitoring;
using ActorKube.ApiServer.OpenApi;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.Services;
using ActorKube.Store.Backup;
using ActorKube.Store.History;
using Akka.Actor;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer;

/// <summary>A running API server: the one place where its parts are put together.</summary>
public sealed class ApiServerHost : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly IReadOnlyList<IDisposable> _connections;
    private readonly Bootstrap _bootstrap;
    private readonly ServerEndpoints _endpoints;
    private readonly CancellationTokenSource _stopping;

    private ApiServerHost(WebApplication web, ApiPipeline pipeline, ClusterCertificates certificates, TokenAuthenticator tokens, IReadOnlyList<IDisposable> connections, Bootstrap bootstrap, ServerEndpoints endpoints, CancellationTokenSource stopping, int port)
    {
        _web = web;
        _connections = connections;
        _bootstrap = bootstrap;
        _endpoints = endpoints;
        _stopping = stopping;
        Pipeline = pipeline;
        Certificates = certificates;
        Tokens = tokens;
        Port = port;
    }

    /// <summary>The way into the API for this process.</summary>
    public ApiPipeline Pipeline { get; }

    /// <summary>The cluster's certificates.</summary>
    public ClusterCertificates Certificates { get; }

    /// <summary>Bearer tokens; the join token among them.</summary>
    public TokenAuthenticator Tokens { get; }

    /// <summary>The port it listens on.</summary>
    public int Port { get; }

    /// <summary>Completes when the namespaces and the Service that every cluster has are there.</summary>
    public Task Bootstrapped => _bootstrap.Done;

    /// <summary>Starts an API server: <c>/user/apiserver</c> and the HTTPS endpoint.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="store">The store.</param>
    /// <param name="settings">The section <c>actorkube.apiserver</c>.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="time">Clock.</param>
    /// <param name="identities">Where uids and names come from.</param>
    /// <param name="isOneOfSeveral">Whether other servers serve the same cluster.</param>
    public static async Task<ApiServerHost> StartAsync(
        ActorSystem system, IActorRef store, ApiServerSettings settings, ILoggerFactory logs, TimeProvider? time = null, Identities? identities = null, bool isOneOfSeveral = false)
    {
        time ??= TimeProvider.System;
        identities ??= new Identities();
        var actor = system.ActorOf(Props.Create(() => new ApiServerActor(store)), ApiServerActor.Name);
        var keys = EncryptionKeys.Open(settings.EncryptionKeyFile, settings.EncryptedResources.Count > 0);
        var encryption = new EncryptionAtRest(settings.EncryptedResources, keys);
        var registry = new ResourceRegistry(store, actor, settings, time, encryption);
        registry.Of<V1Namespace>();
        var encrypted = settings.EncryptedResources.Select(registry.Stored).ToList();
        var certificates = ClusterCertificates.Open(settings.PkiDirectory, time);
        var writer = new ObjectWriter(store, settings.StoreTimeout, encryption);
        var access = AccessControl.Open(registry, writer, settings, time);
        var (tokens, authorizer) = (access.Tokens, access.Authorizer);
        var admission = AdmissionPlugins.Chain(registry, writer, authorizer, settings.Admission, identities, time, access.Escalation);
        var modifier = new Modifier(writer);
        var services = new ServiceAllocator(registry, settings, new Random());
        var creates = new Creates(writer, admission, identities, services);
        var updates = new Updates(modifier, creates, admission, services);
        var history = ResourceHistory.Of(system);
        var reads = new Reads(settings, new PastStates(history), time);
        var deletes = new Deletes(writer, admission, reads);
        var kubelets = new KubeletConnector(certificates.Authority, certificates.KubeletClient(), time);
        var collector = new MetricsCollector(
            (node, path, cancelled) => kubelets.GetAsync(node, path, cancelled),
            settings.MetricsResolution, settings.MetricsKubeletTimeout, time, logs.CreateLogger<MetricsCollector>());
        var parts = new PipelineParts(
            reads, creates, updates, new Applies(modifier, updates, creates), deletes, new Scales(modifier, updates), new Bindings(modifier, admission), new Evictions(deletes, registry, admission, writer), new Reviews(authorizer, tokens),
            new TokenRequests(access.AccountTokens, settings.Authentication, registry, identities, admission), new ComponentStatuses(() => registry.Of<V1Namespace>().Cache.State is not null), new ChangeReads(history, registry), new MetricsReads(collector, registry));
        var pipeline = new ApiPipeline(registry, authorizer, parts, time, logs.CreateLogger<ApiPipeline>());
        var addresses = HostAddresses();
        var advertised = settings.AdvertiseAddress.Length > 0 ? settings.AdvertiseAddress : addresses.FirstOrDefault() ?? "";
        var objects = new SystemObjects(pipeline);
        var endpoints = new ServerEndpoints(objects, advertised, isOneOfSeveral, time, logs.CreateLogger<ServerEndpoints>());
        var bootstrap = new Bootstrap(objects, endpoints, settings, access.Policy, time, logs.CreateLogger<Bootstrap>());
        var listening = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        bootstrap.Start(listening.Task);
        var expiry = Props.Create(() => new EventExpiryActor(registry.Of<Corev1Event>, writer, settings.EventTtl, time));
        var definitionWrites = new DefinitionWrites(pipeline, registry, deletes, time);
        var definitions = Props.Create(() => new DefinitionsActor(registry, definitionWrites, time));
        var proxy = new ObjectProxy(pipeline, registry, admission);
        var serve = new ApiServerActor.Serve(pipeline, proxy, tokens, settings.WatchWindow, expiry, definitions);
        _ = bootstrap.NamespacesDone.ContinueWith(_ => actor.Tell(serve), TaskScheduler.Default);
        var stopping = new CancellationTokenSource();
        var responses = new ResponseWriter(settings, time);
        var health = new Health(
        [
            new HealthCheck("ping", () => null, true),
            new HealthCheck("log", () => null, true),
            new HealthCheck("etcd", () => registry.Of<V1Namespace>().Cache.State is null ? "the store has not answered yet" : null, true),
            new HealthCheck("informer-sync", () => registry.Of<V1Namespace>().Cache.State is null ? "namespaces are not loaded yet" : null, false),
            new HealthCheck("poststarthook/start-system-namespaces-controller", () => bootstrap.Done.IsCompletedSuccessfully ? null : "not finished", false),
        ]);
        var issuer = new IssuerDiscovery(access.AccountTokens.Keys, settings.Authentication);
        var backups = new BackupEndpoint(StoreBackup.Of(system), objects, ClusterKeys.Of(settings), time, logs.CreateLogger<BackupEndpoint>());
        var edge = new HttpEdge(
            pipeline, new RequestAuthenticator(new CertificateAuthenticator(certificates.Authority, time), tokens, settings.Authentication), responses, new WatchWriter(time, settings.WatchPatience, stopping.Token),
            new Discovery(() => registry.Kinds, responses), health, new PlainEndpoints(responses, new OpenApiDocuments(() => registry.Kinds, "v1.36.0"), new ServerMetrics(registry), time), backups, issuer, new NodeProxy(pipeline, registry, kubelets, admission), proxy, identities, settings,
            logs.CreateLogger<HttpEdge>());
        var serving = certificates.ApiServer(
            new AddressRange(settings.ServiceClusterIpRange).Address(1), [.. addresses, .. settings.CertificateNames, .. settings.AdvertiseAddress is { Length: > 0 } own ? new[] { own } : []]);
        var web = Web(edge, settings, serving, certificates.Authority, logs);
        await web.StartAsync().ConfigureAwait(false);
        var port = new Uri(web.Urls.First()).Port;
        issuer.Server = $"https://{(advertised.Length == 0 ? "127.0.0.1" : advertised.Contains(':', StringComparison.Ordinal) ? $"[{advertised}]" : advertised)}:{port}";
        listening.SetResult(port);
        var rewriter = new EncryptionRewriter(writer, time, logs.CreateLogger<EncryptionRewriter>());
        _ = Task.Run(() => rewriter.RewriteAsync(encrypted, stopping.Token));
        return new ApiServerHost(web, pipeline, certificates, tokens.Static, [collector, kubelets, proxy], bootstrap, endpoints, stopping, port);
    }

    /// <summary>Stops the HTTPS endpoint; the actors end with their system.</summary>
    public async ValueTask DisposeAsync()
    {
        _bootstrap.Stop();
        await _endpoints.StopAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _web.StopAsync(limit.Token).ConfigureAwait(false);
        await _web.DisposeAsync().ConfigureAwait(false);
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }

        _stopping.Dispose();
        Certificates.Dispose();
    }

    private static WebApplication Web(HttpEdge edge, ApiServerSettings settings, X509Certificate2 serving, X509Certificate2 authority, ILoggerFactory logs)
    {
        // It would watch every file below the working directory for a change of its configuration, which it has from elsewhere.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "actorkube-apiserver", Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(logs);
        builder.Services.AddHttpForwarder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.MaxRequestBody;
            kestrel.Limits.MaxConcurrentUpgradedConnections = null;
            kestrel.Limits.MinResponseDataRate = null;
            // Looking for headers that were sent before costs more than the bytes it saves: every answer has an Audit-Id of its own.
            kestrel.AllowResponseHeaderCompression = false;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(5);
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            // A watch on a connection whose client vanished without a word would otherwise stay for ever.
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
            kestrel.Listen(settings.BindAddress, settings.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = serving,
                    ServerCertificateChain = [authority],
                    ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                    // Whether it is one of ours is judged by the authenticator: a wrong one is answered with 401 rather than with a broken handshake.
                    ClientCertificateValidation = (_, _, _) => true,
                });
            });
        });
        var web = builder.Build();
        Microsoft.AspNetCore.Builder.RunExtensions.Run(web, edge.HandleAsync);
        return web;
    }

    private static List<string> HostAddresses() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(a => a.Address)
            .Where(a => !IPAddress.IsLoopback(a) && !a.IsIPv6LinkLocal && a.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
            .OrderBy(a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .Select(a => a.ToString())
            .Distinct(),
    ];
}
