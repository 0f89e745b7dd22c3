using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Fakes;

/// <summary>
/// What a reconciler's plans would make of pods, claims and revisions: it carries plans out at once and without a server. Pods stay as they were created until the
/// test says otherwise.
/// </summary>
internal sealed class World
{
    private readonly NameSuffixes _names = new(7);
    private int _version = 1;

    public List<V1Pod> Pods { get; } = [];

    public List<V1ControllerRevision> Revisions { get; } = [];

    public List<V1PersistentVolumeClaim> Claims { get; } = [];

    public List<V1Job> Jobs { get; } = [];

    public List<string> Told { get; } = [];

    public DateTimeOffset Now { get; private set; } = Some.Now;

    public ReconcileContext Context => new(Now, _names);

    public void Pass(TimeSpan time) => Now += time;

    public V1Pod Pod(string name) => Pods.Single(p => p.Metadata.Name == name);

    /// <summary>Names of the pods that are not on their way out.</summary>
    public IReadOnlyList<string> Alive => [.. Pods.Where(p => p.Metadata.DeletionTimestamp is null).Select(p => p.Metadata.Name).Order(StringComparer.Ordinal)];

    /// <summary>Carries a plan out; returns the status it sets, if it sets one.</summary>
    public IKubernetesObject<V1ObjectMeta>? Apply(Plan plan)
    {
        IKubernetesObject<V1ObjectMeta>? status = null;
        foreach (var action in plan.Actions)
            status = Apply(action) ?? status;
        return status;
    }

    /// <summary>The pod runs and is ready from now on.</summary>
    public void MakeReady(params IEnumerable<V1Pod> pods)
    {
        foreach (var pod in pods)
        {
            pod.Status ??= new V1PodStatus();
            pod.Ready(Now);
        }
    }

    /// <summary>What was deleted is gone.</summary>
    public void Reap() => Pods.RemoveAll(p => p.Metadata.DeletionTimestamp is not null && p.Metadata.Finalizers is not { Count: > 0 });

    private IKubernetesObject<V1ObjectMeta>? Apply(PlannedAction action)
    {
        if (action.Announce is { } told)
            Told.Add($"{told.Reason}: {told.Message}");
        switch (action)
        {
            case Together together:
                foreach (var one in together.Actions)
                    Apply(one);
                break;
            case Create { Object: V1Pod pod }:
                pod.Status = new V1PodStatus { Phase = "Pending" };
                Pods.Add(Stored(pod));
                break;
            case Create { Object: V1ControllerRevision revision }:
                Revisions.Add(Stored(revision));
                break;
            case Create { Object: V1PersistentVolumeClaim claim }:
                Claims.Add(Stored(claim));
                break;
            case Update { Object: V1ControllerRevision revision }:
                Revisions[Revisions.FindIndex(r => r.Metadata.Name == revision.Metadata.Name)] = revision;
                break;
            case Create { Object: V1Job job }:
                Jobs.Add(Stored(job));
                break;
            case Delete { Target: V1Job job }:
                Jobs.RemoveAll(j => j.Metadata.Name == job.Metadata.Name);
                break;
            case Tell:
                break;
            case Merge { Target: V1Pod pod, Body: System.Text.Json.Nodes.JsonObject body }:
                Pod(pod.Metadata.Name).Metadata.Finalizers = body["metadata"]!["finalizers"] is System.Text.Json.Nodes.JsonArray left ? [.. left.Select(f => f!.GetValue<string>())] : null;
                break;
            case Delete { Target: V1Pod pod }:
                Pod(pod.Metadata.Name).Metadata.DeletionTimestamp = Now.UtcDateTime;
                break;
            case Delete { Target: V1ControllerRevision revision }:
                Revisions.RemoveAll(r => r.Metadata.Name == revision.Metadata.Name);
                break;
            case UpdateStatus update:
                return update.Object;
            default:
                throw new ArgumentException($"{action.GetType().Name} is not expected here");
        }

        return null;
    }

    private T Stored<T>(T value) where T : IKubernetesObject<V1ObjectMeta>
    {
        value.Metadata.Uid = $"uid-{value.Metadata.Name}-{_version}";
        value.Metadata.ResourceVersion = $"{_version++}";
        value.Metadata.CreationTimestamp = Now.UtcDateTime;
        return ApiJson.Copy((object)value) is T copy ? copy : value;
    }
}
