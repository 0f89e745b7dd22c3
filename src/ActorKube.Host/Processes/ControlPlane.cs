using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using ActorKube.Api.Meta;
using ActorKube.ApiServer;
using ActorKube.Client;
using ActorKube.Client.Hosting;
using ActorKube.ControllerManager;
using ActorKube.ControllerManager.Shell;
using ActorKube.Scheduler;
using ActorKube.Host.Cluster;
using ActorKube.Store;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorKube.Host.Processes;

/// <summary>The control plane of a process: store, API server, scheduler and controller-manager.</summary>
/// <param name="settings">The process' configuration.</param>
/// <param name="logs">Where it logs.</param>
/// <param name="authority">The certificate authority, with its key: pods trust the API server by it, and it signs what the cluster's signers are asked for.</param>
public sealed class ControlPlane(ProcessSettings settings, ILoggerFactory logs, X509Certificate2 authority)
{
    /// <summary>What proves to the store's owner that this process is of the control plane, where that has several; null where this process has the store to itself.</summary>
    public byte[]? Proof { get; init; }

    /// <summary>The API server, once it listens.</summary>
    public ApiServerHost? ApiServer { get; private set; }

    /// <summary>Adds the components to an actor system.</summary>
    /// <param name="akka">The actor system to be.</param>
    /// <param name="system">Gives the actor system once it stands.</param>
    public void AddTo(AkkaConfigurationBuilder akka, Func<ActorSystem> system) => akka
        .AddHocon(ClientSettings.DefaultConfig, HoconAddMode.Append)
        .AddApiServerStore(StoreSettings.From(settings.Config), Proof)
        .AddApiServer(ApiServerSettings.From(settings.Config), logs, started => ApiServer = started, isOneOfSeveral: Proof is not null)
        .AddScheduler(_ =>
        {
            // Events say who scheduled by the scheduler's name for pods, as in Kubernetes; the user is the component's.
            var client = ComponentClient.InProcess(system(), SchedulerSettings.From(settings.Config).Name, new UserInfo("system:kube-scheduler", ["system:authenticated"]));
            return new SchedulerServices(client.Client, client.Informers, client.Events, TimeProvider.System);
        }, Proof is null ? null : BesideStore.Starter)
        .AddControllerManager(_ =>
        {
            var client = ComponentClient.InProcess(system(), "kube-controller-manager", new UserInfo("system:kube-controller-manager", [UserInfo.Authenticated]));
            // A controller that is started anew goes on with the client it had.
            var parts = new ConcurrentDictionary<string, Lazy<IApiClient>>(StringComparer.Ordinal);
            return new ControllerManagerServices(client.Client, client.Informers, client.Events, TimeProvider.System, authority.ExportCertificatePem(), authority, ServiceAccountKeyFile())
            {
                ApiAs = controller => parts.GetOrAdd(controller, name => new(() => ComponentClient.PartInProcess(system(), "kube-controller-manager", name, ControllerUser(name)))).Value,
            };
        }, Proof is null ? null : BesideStore.Starter);

    private static UserInfo ControllerUser(string controller)
    {
        var name = ControllerIdentities.UserOf(controller);
        return name.StartsWith("system:serviceaccount:", StringComparison.Ordinal)
            ? new UserInfo(name, ["system:serviceaccounts", "system:serviceaccounts:kube-system", UserInfo.Authenticated])
            : new UserInfo(name, [UserInfo.Authenticated]);
    }

    // The key that the API server makes and knows tokens by, wherever it was told to keep it.
    private string ServiceAccountKeyFile() => settings.Config.GetString("actorkube.apiserver.authentication.service-account.signing-key-file", "") is { Length: > 0 } file
        ? file
        : Path.Combine(ApiServerSettings.From(settings.Config).PkiDirectory, "sa.key");
}

file static class ControlPlaneStore
{
    public static AkkaConfigurationBuilder AddApiServerStore(this AkkaConfigurationBuilder akka, StoreSettings settings, byte[]? proof) =>
        proof is null ? akka.AddStore(settings) : akka.AddClusteredStore(settings, proof);
}
