using ActorKube.Client;
using ActorKube.Client.Informers;

namespace ActorKube.Scheduler;

/// <summary>What the scheduler needs from its process.</summary>
/// <param name="Api">Writes bindings and pod status, as <c>system:kube-scheduler</c>.</param>
/// <param name="Informers">Pods, nodes, namespaces, disruption budgets, claims, volumes and storage classes.</param>
/// <param name="Events">Writes the Scheduled and FailedScheduling events.</param>
/// <param name="Time">The clock.</param>
public sealed record SchedulerServices(IApiClient Api, IInformerFactory Informers, IEventRecorder Events, TimeProvider Time);
