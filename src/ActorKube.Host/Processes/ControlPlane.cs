using ActorKube.Api.Meta;
using ActorKube.ApiServer;
using ActorKube.Client.Hosting;
using ActorKube.ControllerManager;
using ActorKube.Scheduler;
using ActorKube.Store;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorKube.Host.Processes;

/// <summary>The control plane of a process: store, API server, scheduler and controller-manager.</summary>
/// <param name="settings">The process' configuration.</param>
/// <param name="logs">Where it logs.</param>
/// <param name="authorityPem">The certificate authority that pods may trust the API server by.</param>
public sealed class ControlPlane(ProcessSettings settings, ILoggerFactory logs, string authorityPem)
{
    /// <summary>The API server, once it listens.</summary>
    public ApiServerHost? ApiServer { get; private set; }

    /// <summary>Adds the components to an actor system.</summary>
    /// <param name="akka">The actor system to be.</param>
    /// <param name="system">Gives the actor system once it stands.</param>
    public void AddTo(AkkaConfigurationBuilder akka, Func<ActorSystem> system) => akka
        .AddHocon(ClientSettings.DefaultConfig, HoconAddMode.Append)
        .AddStore(StoreSettings.From(settings.Config))
        .AddApiServer(ApiServerSettings.From(settings.Config), logs, started => ApiServer = started)
        .AddScheduler(_ =>
        {
            // Events say who scheduled by the scheduler's name for pods, as in Kubernetes; the user is the component's.
            var client = ComponentClient.InProcess(system(), SchedulerSettings.From(settings.Config).Name, new UserInfo("system:kube-scheduler", ["system:authenticated"]));
            return new SchedulerServices(client.Client, client.Informers, client.Events, TimeProvider.System);
        })
        .AddControllerManager(_ =>
        {
            var client = ComponentClient.InProcess(system(), "kube-controller-manager", new UserInfo("system:kube-controller-manager", [UserInfo.Masters]));
            return new ControllerManagerServices(client.Client, client.Informers, client.Events, TimeProvider.System, authorityPem);
        });
}
