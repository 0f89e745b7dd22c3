using System.Security.Cryptography.X509Certificates;
using ActorKube.ApiServer;
using ActorKube.Host.Cluster;
using ActorKube.Kubelet;
using Akka.Actor;
using ActorKube.Host.Commands;
using ActorKube.Host.Machine;
using Microsoft.AspNetCore.Connections;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorKube.Host.Processes;

/// <summary>A running process of the cluster: its actor system with the components of its roles. The only place where components are wired.</summary>
public sealed class ClusterProcess : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly IDisposable? _tracing;
    private readonly HandshakeShield _shield;
    private readonly TaskCompletionSource _isMember = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ClusterProcess(IHost host, ActorSystem system, HandshakeShield shield, ControlPlane? controlPlane, IDisposable? tracing)
    {
        _host = host;
        _shield = shield;
        _tracing = tracing;
        System = system;
        Akka.Cluster.Cluster.Get(system).RegisterOnMemberUp(() => _isMember.TrySetResult());
        ApiServer = controlPlane?.ApiServer;
    }

    /// <summary>The actor system.</summary>
    public ActorSystem System { get; }

    /// <summary>The API server, in a process that has one.</summary>
    public ApiServerHost? ApiServer { get; }

    /// <summary>Completes when the process is a member of the cluster: before that it cannot take over from another one.</summary>
    public Task IsMember => _isMember.Task;

    /// <summary>Completes when the process left the cluster, whether asked to or not.</summary>
    public Task Terminated => System.WhenTerminated;

    /// <summary>Stops the kubelet of this process; its pods run on.</summary>
    public async Task StopKubeletAsync() =>
        await _host.Services.GetRequiredService<ActorRegistry>().Get<KubeletKey>().GracefulStop(TimeSpan.FromSeconds(5));

    /// <summary>Starts a process.</summary>
    /// <param name="membership">How it takes part in the cluster.</param>
    /// <param name="settings">Its configuration.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="controlPlane">The control plane, or null.</param>
    /// <param name="node">The node, or null.</param>
    public static async Task<ClusterProcess> StartAsync(
        ClusterMembership membership, ProcessSettings settings, ILoggerFactory logs, ControlPlane? controlPlane, WorkerNode? node)
    {
        Ports.MustBeFree(settings, controlPlane is not null, node is not null);
        var tracing = controlPlane is null ? null : Tracing.Start(settings.Config, settings.NodeName);
        ActorSystem? system = null;
        HandshakeShield? shield = null;
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ApplicationName = "actorkube" });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.Services.AddAkka(ClusterMembership.SystemName, akka =>
        {
            akka.AddHocon(settings.Config, HoconAddMode.Prepend);
            akka.ConfigureLoggers(loggers =>
            {
                loggers.LogLevel = ProcessLogging.ActorLevel(settings.Config);
                loggers.ClearLoggers();
                loggers.AddLoggerFactory(logs);
            });
            membership.AddTo(akka);
            akka.WithActors((started, _) =>
            {
                system = started;
                shield = HandshakeShield.Over(started);
                if (membership.SeedNodes.Count == 0)
                {
                    var cluster = Akka.Cluster.Cluster.Get(started);
                    cluster.Join(cluster.SelfAddress);
                }
            });
            controlPlane?.AddTo(akka, () => system!);
            node?.AddTo(akka, () => system!);
        });
        var host = builder.Build();
        try
        {
            await host.StartAsync();
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new ProcessFailedException(e.Message.Replace("Failed to bind to address", "cannot listen on", StringComparison.Ordinal), e);
        }

        return new ClusterProcess(host, system!, shield!, controlPlane, tracing);
    }

    /// <summary>The port that the actor system's cluster endpoint took.</summary>
    public static int PortOf(ActorSystem system) => ((ExtendedActorSystem)system).Provider.DefaultAddress.Port ?? 0;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _shield.Release();
        await _host.StopAsync();
        _host.Dispose();
        _tracing?.Dispose();
    }
}
