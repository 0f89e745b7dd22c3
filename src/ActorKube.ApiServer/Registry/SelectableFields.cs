using System.Collections.Frozen;
using System.Globalization;
using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>Which fields the kinds can be selected by. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/</summary>
internal static class SelectableFields
{
    private static readonly FrozenDictionary<string, Func<object, string>> None = FrozenDictionary<string, Func<object, string>>.Empty;

    private static readonly FrozenDictionary<Type, FrozenDictionary<string, Func<object, string>>> ByType = new Dictionary<Type, FrozenDictionary<string, Func<object, string>>>
    {
        [typeof(V1Pod)] = Of<V1Pod>(
            ("spec.nodeName", p => p.Spec?.NodeName),
            ("spec.restartPolicy", p => p.Spec?.RestartPolicy),
            ("spec.schedulerName", p => p.Spec?.SchedulerName),
            ("spec.serviceAccountName", p => p.Spec?.ServiceAccountName),
            ("spec.hostNetwork", p => p.Spec?.HostNetwork is true ? "true" : "false"),
            ("status.phase", p => p.Status?.Phase),
            ("status.podIP", p => p.Status?.PodIP),
            ("status.podIPs", p => p.Status?.PodIP),
            ("status.nominatedNodeName", p => p.Status?.NominatedNodeName)),
        [typeof(V1Node)] = Of<V1Node>(("spec.unschedulable", n => n.Spec?.Unschedulable is true ? "true" : "false")),
        [typeof(V1Namespace)] = Of<V1Namespace>(("status.phase", n => n.Status?.Phase), ("name", n => n.Metadata.Name)),
        [typeof(V1Secret)] = Of<V1Secret>(("type", s => s.Type)),
        [typeof(V1Service)] = Of<V1Service>(("spec.clusterIP", s => s.Spec?.ClusterIP), ("spec.type", s => s.Spec?.Type)),
        [typeof(V1ReplicationController)] = Of<V1ReplicationController>(("status.replicas", r => Number(r.Status?.Replicas))),
        [typeof(V1ReplicaSet)] = Of<V1ReplicaSet>(("status.replicas", r => Number(r.Status?.Replicas))),
        [typeof(V1Job)] = Of<V1Job>(("status.successful", j => Number(j.Status?.Succeeded))),
        [typeof(V1CertificateSigningRequest)] = Of<V1CertificateSigningRequest>(("spec.signerName", c => c.Spec?.SignerName)),
        [typeof(V1ResourceSlice)] = Of<V1ResourceSlice>(("spec.nodeName", s => s.Spec?.NodeName), ("spec.driver", s => s.Spec?.Driver)),
        [typeof(Corev1Event)] = Of<Corev1Event>(
            ("involvedObject.kind", e => e.InvolvedObject?.Kind),
            ("involvedObject.namespace", e => e.InvolvedObject?.NamespaceProperty),
            ("involvedObject.name", e => e.InvolvedObject?.Name),
            ("involvedObject.uid", e => e.InvolvedObject?.Uid),
            ("involvedObject.apiVersion", e => e.InvolvedObject?.ApiVersion),
            ("involvedObject.resourceVersion", e => e.InvolvedObject?.ResourceVersion),
            ("involvedObject.fieldPath", e => e.InvolvedObject?.FieldPath),
            ("reason", e => e.Reason),
            ("reportingComponent", e => string.IsNullOrEmpty(e.ReportingComponent) ? e.Source?.Component : e.ReportingComponent),
            ("source", e => string.IsNullOrEmpty(e.Source?.Component) ? e.ReportingComponent : e.Source.Component),
            ("type", e => e.Type)),
        [typeof(Eventsv1Event)] = Of<Eventsv1Event>(
            ("regarding.kind", e => e.Regarding?.Kind),
            ("regarding.namespace", e => e.Regarding?.NamespaceProperty),
            ("regarding.name", e => e.Regarding?.Name),
            ("regarding.uid", e => e.Regarding?.Uid),
            ("regarding.apiVersion", e => e.Regarding?.ApiVersion),
            ("regarding.resourceVersion", e => e.Regarding?.ResourceVersion),
            ("regarding.fieldPath", e => e.Regarding?.FieldPath),
            ("reason", e => e.Reason),
            ("reportingController", e => e.ReportingController),
            ("type", e => e.Type)),
    }.ToFrozenDictionary();

    /// <summary>The fields of a kind beside its name and namespace.</summary>
    public static IReadOnlyDictionary<string, Func<object, string>> Of(ResourceKind kind) => ByType.GetValueOrDefault(kind.ClrType!, None);

    /// <summary>
    /// What is said of a field that a kind cannot be selected by. Kinds with fields of their own each have Kubernetes' words for it; all others share
    /// one sentence.
    /// </summary>
    public static string Refusal(Strategy strategy, string path) => strategy.Kind switch
    {
        { Resource: "jobs", Group: "batch" } => $"field label \"{path}\" not supported for Job",
        { Resource: "resourceslices" } kind => $"field label not supported for {kind.ApiVersion}, Kind={kind.Kind}: {path}",
        { Resource: "replicasets" } => Unknown(path),
        _ when strategy.Fields.Count == 0 => Unknown(path),
        _ => $"field label not supported: {path}",
    };

    private static string Unknown(string path) => $"\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";

    private static FrozenDictionary<string, Func<object, string>> Of<T>(params ReadOnlySpan<(string Path, Func<T, string?> Get)> fields)
    {
        var result = new Dictionary<string, Func<object, string>>(StringComparer.Ordinal);
        foreach (var (path, get) in fields)
        {
            result[path] = value => get((T)value) ?? "";
        }

        return result.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string Number(int? value) => (value ?? 0).ToString(CultureInfo.InvariantCulture);
}
