using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.StatefulSets;

/// <summary>
/// The names, pods and claims of a StatefulSet's ordinals. Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-identity
/// </summary>
internal static class StatefulPods
{
    private const string NameLabel = "statefulset.kubernetes.io/pod-name";
    private const string IndexLabel = "apps.kubernetes.io/pod-index";

    /// <summary>The name of an ordinal's pod.</summary>
    public static string Name(V1StatefulSet set, int ordinal) => string.Create(CultureInfo.InvariantCulture, $"{set.Metadata.Name}-{ordinal}");

    /// <summary>The ordinal of a pod; -1 for one whose name is none of the set's.</summary>
    public static int OrdinalOf(V1StatefulSet set, V1Pod pod)
    {
        var name = pod.Metadata.Name;
        var prefix = $"{set.Metadata.Name}-";
        return name.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
            && name == Name(set, ordinal) ? ordinal : -1;
    }

    /// <summary>The first ordinal.</summary>
    public static int Start(V1StatefulSet set) => set.Spec.Ordinals?.Start ?? 0;

    /// <summary>The pod of an ordinal, from the template of a revision.</summary>
    public static V1Pod Pod(V1StatefulSet set, int ordinal, V1PodTemplateSpec template, string revision)
    {
        var own = ApiJson.Copy(template);
        var name = Name(set, ordinal);
        own.Spec.Hostname = name;
        own.Spec.Subdomain = set.Spec.ServiceName;
        own.Spec.Volumes =
        [
            .. (set.Spec.VolumeClaimTemplates ?? []).Select(c => new V1Volume
            {
                Name = c.Metadata.Name,
                PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = ClaimName(c, name) },
            }),
            .. (own.Spec.Volumes ?? []).Where(v => set.Spec.VolumeClaimTemplates?.Any(c => c.Metadata.Name == v.Name) != true),
        ];
        return new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                GenerateName = $"{set.Metadata.Name}-",
                NamespaceProperty = set.Metadata.NamespaceProperty,
                Labels = new Dictionary<string, string>(own.Metadata?.Labels ?? new Dictionary<string, string>())
                {
                    [TemplateRevisions.HashLabel] = revision,
                    [NameLabel] = name,
                    [IndexLabel] = ordinal.ToString(CultureInfo.InvariantCulture),
                },
                Annotations = own.Metadata?.Annotations,
                Finalizers = own.Metadata?.Finalizers,
                OwnerReferences = [Ownership.Reference(set)],
            },
            Spec = own.Spec,
        };
    }

    /// <summary>The claims of a pod's volumes.</summary>
    public static IEnumerable<V1PersistentVolumeClaim> Claims(V1StatefulSet set, string pod) => (set.Spec.VolumeClaimTemplates ?? []).Select(template =>
    {
        var claim = ApiJson.Copy(template);
        var labels = new Dictionary<string, string>(template.Metadata.Labels ?? new Dictionary<string, string>());
        foreach (var (key, value) in set.Spec.Selector.MatchLabels ?? new Dictionary<string, string>())
            labels[key] = value;
        claim.Metadata = new V1ObjectMeta
        {
            Name = ClaimName(template, pod), NamespaceProperty = set.Metadata.NamespaceProperty, Labels = labels.Count == 0 ? null : labels, Annotations = template.Metadata.Annotations,
        };
        claim.Status = null;
        return claim;
    });

    private static string ClaimName(V1PersistentVolumeClaim template, string pod) => $"{template.Metadata.Name}-{pod}";
}
