using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Jobs;

/// <summary>The pods of a Job. Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/</summary>
internal static class JobPods
{
    /// <summary>Keeps a pod until its end was counted.</summary>
    public const string Finalizer = "batch.kubernetes.io/job-tracking";

    private const string Index = "batch.kubernetes.io/job-completion-index";

    /// <summary>Whether the Job gives each pod an index.</summary>
    public static bool IsIndexed(V1Job job) => job.Spec.CompletionMode == "Indexed";

    /// <summary>The pod's index; -1 for none.</summary>
    public static int IndexOf(V1Pod pod) =>
        pod.Metadata.Annotations is { } annotations && annotations.TryGetValue(Index, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1;

    /// <summary>Whether the pod's end has yet to be counted.</summary>
    public static bool IsTracked(V1Pod pod) => pod.Metadata.Finalizers?.Contains(Finalizer) == true;

    /// <summary>Whether it has failed, which a pod that somebody deleted has too, unless only failed ones are to be replaced.</summary>
    public static bool HasFailed(V1Job job, V1Pod pod) => pod.Status?.Phase == "Failed"
        || (job.Spec.PodReplacementPolicy != "Failed" && pod.Metadata.DeletionTimestamp is not null && pod.Status?.Phase != "Succeeded");

    /// <summary>Whether it has done its work.</summary>
    public static bool HasSucceeded(V1Pod pod) => pod.Status?.Phase == "Succeeded";

    /// <summary>When its last container ended; else when it was deleted or made.</summary>
    public static DateTime EndOf(V1Pod pod) =>
        (pod.Status?.ContainerStatuses ?? []).Select(s => s.State?.Terminated?.FinishedAt).Max() ?? pod.Metadata.DeletionTimestamp ?? pod.Metadata.CreationTimestamp ?? DateTime.MinValue;

    /// <summary>A pod of the Job; with an index where the Job gives one.</summary>
    public static V1Pod New(V1Job job, int? index, NameSuffixes names)
    {
        var template = ApiJson.Copy(job.Spec.Template);
        var prefix = index is { } i ? string.Create(CultureInfo.InvariantCulture, $"{job.Metadata.Name}-{i}-") : $"{job.Metadata.Name}-";
        var metadata = new V1ObjectMeta
        {
            GenerateName = prefix,
            Name = names.Name(prefix),
            NamespaceProperty = job.Metadata.NamespaceProperty,
            Labels = template.Metadata?.Labels,
            Annotations = template.Metadata?.Annotations,
            Finalizers = [.. template.Metadata?.Finalizers ?? [], Finalizer],
            OwnerReferences = [Ownership.Reference(job)],
        };
        if (index is { } number)
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            (metadata.Labels ??= new Dictionary<string, string>())[Index] = text;
            (metadata.Annotations ??= new Dictionary<string, string>())[Index] = text;
            template.Spec.Hostname ??= $"{job.Metadata.Name}-{text}";
            foreach (var container in template.Spec.Containers.Concat(template.Spec.InitContainers ?? []))
            {
                if (container.Env?.Any(e => e.Name == "JOB_COMPLETION_INDEX") != true)
                {
                    container.Env =
                    [
                        .. container.Env ?? [],
                        new V1EnvVar { Name = "JOB_COMPLETION_INDEX", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = $"metadata.labels['{Index}']" } } },
                    ];
                }
            }
        }

        return new V1Pod { Metadata = metadata, Spec = template.Spec };
    }

    /// <summary>Lets a counted pod go.</summary>
    public static Merge Release(V1Pod pod) =>
        new(pod, MergeBody.Metadata(pod.Metadata, ("finalizers", MergeBody.List((pod.Metadata.Finalizers ?? []).Where(f => f != Finalizer)))));
}
