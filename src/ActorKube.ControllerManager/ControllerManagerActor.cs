using ActorKube.ControllerManager.Access;
using ActorKube.ControllerManager.Autoscaling;
using ActorKube.ControllerManager.Certificates;
using ActorKube.ControllerManager.CronJobs;
using ActorKube.ControllerManager.DaemonSets;
using ActorKube.ControllerManager.Deployments;
using ActorKube.ControllerManager.Disruption;
using ActorKube.ControllerManager.Endpoints;
using ActorKube.ControllerManager.Garbage;
using ActorKube.ControllerManager.Jobs;
using ActorKube.ControllerManager.Namespaces;
using ActorKube.ControllerManager.Nodes;
using ActorKube.ControllerManager.PodGc;
using ActorKube.ControllerManager.Quotas;
using ActorKube.ControllerManager.ReplicaSets;
using ActorKube.ControllerManager.ReplicationControllers;
using ActorKube.ControllerManager.Rollbacks;
using ActorKube.ControllerManager.ServiceAccounts;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.StatefulSets;
using ActorKube.ControllerManager.Storage;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.ControllerManager;

/// <summary>
/// The parent of all controllers, each under its name (<c>/deployment</c>, <c>/replicaset</c> …). One that throws is started anew, and learns everything from its informers.
/// One in a cluster, at <c>/user/controller-manager</c>.
/// </summary>
public sealed class ControllerManagerActor : ReceiveActor
{
    private const string GarbageCollector = "garbage-collector";

    private readonly ControllerManagerServices _services;
    private readonly ControllerManagerSettings _settings;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>See <see cref="Props"/>.</summary>
    public ControllerManagerActor(ControllerManagerServices services, ControllerManagerSettings settings) => (_services, _settings) = (services, settings);

    /// <summary>How to make it.</summary>
    public static Props Props(ControllerManagerServices services, ControllerManagerSettings settings) => Akka.Actor.Props.Create(() => new ControllerManagerActor(services, settings));

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var seeds = _settings.Seed == 0 ? new Random() : new Random(_settings.Seed);
        var customs = new CustomObjects();
        var controllers = Controllers(customs).ToList();
        controllers.Add(new ControllerAccountsController(_services.Informers, [.. controllers.Select(c => c.Name), GarbageCollector]));
        foreach (var controller in controllers)
        {
            var seed = seeds.Next();
            Context.ActorOf(Akka.Actor.Props.Create(() => new ControllerActor(controller, _services, _settings.ConcurrentSyncs, seed)), controller.Name);
        }

        Context.ActorOf(Akka.Actor.Props.Create(() => new GarbageCollectorActor(_services, _settings.GarbageCollectorSyncs, customs)), GarbageCollector);
        _log.Info("{Count} controllers run", Context.GetChildren().Count());
    }

    private IEnumerable<IController> Controllers(CustomObjects customs)
    {
        var informers = _services.Informers;
        yield return new DeploymentController(informers);
        yield return new DeploymentRollbackController(informers);
        yield return new StatefulSetRollbackController(informers);
        yield return new DaemonSetRollbackController(informers);
        yield return new ReplicaSetController(informers);
        yield return new ReplicationControllerController(informers);
        yield return new DaemonSetController(informers);
        yield return new StatefulSetController(informers);
        yield return new JobController(informers);
        yield return new TtlAfterFinishedController(informers);
        yield return new CronJobController(informers);
        yield return new DisruptionController(informers);
        yield return new HorizontalController(informers, _services.Events.As(ControllerIdentities.ReporterOf("horizontalpodautoscaler")), _settings.Autoscaler, _services.Time);
        yield return new EndpointSliceController(informers);
        yield return new EndpointsController(informers);
        yield return new EndpointSliceMirroringController(informers);
        yield return new VolumeBinderController(informers);
        yield return new NamespaceController(informers);
        yield return new NodeLifecycleController(informers, _settings.NodeLifecycle);
        if (_settings.ClusterCidrs.Count > 0)
            yield return new NodeIpamController(informers, _settings.ClusterCidrs);
        yield return new PodGcController(informers, _settings.TerminatedPodThreshold, _settings.PodGcInterval, _settings.PodGcQuarantine);
        yield return new DefaultServiceAccountController(informers);
        yield return new QuotaController(informers, customs);
        if (_services.RootCa is { } rootCa)
            yield return new RootCaController(informers, rootCa);
        if (_services is { ServiceAccountKeyFile: { } key, RootCa: { } known })
            yield return new TokenSecretController(informers, new LegacyTokenSigner(key), known);
        yield return new LegacyTokenCleanerController(informers, _settings.LegacyTokenCleanUpPeriod);
        yield return new ClusterRoleAggregationController(informers);
        yield return new CsrApprovingController(informers);
        if (_services.Authority is { } authority)
            yield return new CsrSigningController(informers, CertificateSigner.Of(authority, _settings.SigningDuration));
        yield return new CsrCleanerController(informers);
        yield return new ClaimProtectionController(informers);
        yield return new VolumeProtectionController(informers);
    }
}
