using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>Where kinds that make pods keep the pod that they make.</summary>
internal static class PodTemplates
{
    private static readonly HashSet<Type> Workloads =
    [
        typeof(V1PodTemplate), typeof(V1ReplicationController), typeof(V1ReplicaSet), typeof(V1Deployment), typeof(V1DaemonSet), typeof(V1StatefulSet), typeof(V1Job), typeof(V1CronJob),
    ];

    /// <summary>Whether objects of the class make pods.</summary>
    public static bool IsWorkload(Type? type) => type is not null && Workloads.Contains(type);

    /// <summary>The template; null for an object that has none.</summary>
    public static V1PodTemplateSpec? Of(object value) => value switch
    {
        V1PodTemplate t => t.Template,
        V1ReplicationController c => c.Spec?.Template,
        V1ReplicaSet r => r.Spec?.Template,
        V1Deployment d => d.Spec?.Template,
        V1DaemonSet d => d.Spec?.Template,
        V1StatefulSet s => s.Spec?.Template,
        V1Job j => j.Spec?.Template,
        V1CronJob c => c.Spec?.JobTemplate?.Spec?.Template,
        _ => null,
    };
}
