using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.CustomResources;

namespace ActorKube.ApiServer.FieldManagement;

/// <summary>
/// What a writer at a URL cannot change, because it is set back on the way, and so does not come to own: the status at the object's own URL, the spec at the status' one.
/// </summary>
internal static class ResetFields
{
    private static readonly FieldSet Spec = FieldSet.OfFields("spec");
    private static readonly FieldSet Status = FieldSet.OfFields("status");
    private static readonly FieldSet Metadata = FieldSet.OfFields("metadata");

    /// <summary>The fields that writers may own.</summary>
    public static FieldFilter Of(ResourceKind kind, string subresource) => (kind.GroupResource, subresource) switch
    {
        ("certificatesigningrequests.certificates.k8s.io", "") => FieldFilter.Excluding(Spec.Union(Status)),
        ("certificatesigningrequests.certificates.k8s.io", "status") => FieldFilter.Excluding(Spec.Union(FieldSet.OfFields("status", "conditions"))),
        ("certificatesigningrequests.certificates.k8s.io", "approval") => FieldFilter.Excluding(Spec.Union(FieldSet.OfFields("status", "certificate"))),
        ("pods", "status") => FieldFilter.Excluding(Spec.Union(FieldSet.OfFields("metadata", "deletionTimestamp")).Union(FieldSet.OfFields("metadata", "ownerReferences"))),
        ("pods", "ephemeralcontainers") => FieldFilter.Including(FieldSet.OfFields("spec", "ephemeralContainers")),
        ("pods", "resize") => FieldFilter.Including(FieldSet.Of(
            Path("spec", "containers", "*", "resources"), Path("spec", "containers", "*", "resizePolicy"),
            Path("spec", "initContainers", "*", "resources"), Path("spec", "initContainers", "*", "resizePolicy"))),
        ("deployments.apps", "status") => FieldFilter.Excluding(Spec.Union(FieldSet.OfFields("metadata", "labels"))),
        ("volumeattachments.storage.k8s.io" or "flowschemas.flowcontrol.apiserver.k8s.io" or "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"
            or "customresourcedefinitions.apiextensions.k8s.io" or "apiservices.apiregistration.k8s.io", "status") => FieldFilter.Excluding(Spec.Union(Metadata)),
        (_, "status") when kind is CustomResourceKind => FieldFilter.Excluding(Spec.Union(Metadata)),
        (_, "" or "finalize") => kind.Has("status") ? FieldFilter.Excluding(Status) : FieldFilter.None,
        (_, "status") => FieldFilter.Excluding(Spec),
        _ => FieldFilter.None,
    };

    private static List<PathElement> Path(params string[] names) => [.. names.Select(PathElement.Field)];
}
