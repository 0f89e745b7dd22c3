using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Parts of an object, other than its status, that have a URL of their own: what a writer there may change.</summary>
internal static class SubresourceParts
{
    /// <summary>Whether the subresource is one of them.</summary>
    public static bool IsPart(string subresource) => subresource is "ephemeralcontainers" or "resize" or "finalize" or "approval";

    /// <summary>Makes <paramref name="value"/> equal to <paramref name="old"/> but for the part. False for another subresource.</summary>
    public static bool TryPrepare(string subresource, IKubernetesObject<V1ObjectMeta> value, object old)
    {
        switch (subresource, value, old)
        {
            case ("ephemeralcontainers", V1Pod pod, V1Pod was):
                var ephemeral = pod.Spec?.EphemeralContainers;
                pod.Spec = ApiJson.Copy(was.Spec);
                pod.Spec.EphemeralContainers = ephemeral;
                pod.Status = was.Status;
                CountGeneration(pod.Metadata, was.Metadata, pod.Spec, was.Spec);
                return true;
            case ("resize", V1Pod pod, V1Pod was):
                pod.Spec = Registry.Pods.PodResizeRules.Prepare(pod.Spec, was.Spec);
                pod.Status = was.Status;
                CountGeneration(pod.Metadata, was.Metadata, pod.Spec, was.Spec);
                return true;
            case ("finalize", V1Namespace ns, V1Namespace was):
                ns.Status = was.Status;
                return true;
            case ("approval", V1CertificateSigningRequest request, V1CertificateSigningRequest was):
                request.Spec = was.Spec;
                var conditions = request.Status?.Conditions;
                request.Status = was.Status is null ? new V1CertificateSigningRequestStatus() : ApiJson.Copy(was.Status);
                request.Status.Conditions = conditions;
                return true;
            default:
                return false;
        }
    }

    /// <summary>What is wrong with the changed part.</summary>
    public static List<FieldError> Validate(string subresource, object value, object old)
    {
        var errors = new List<FieldError>();
        if (value is V1CertificateSigningRequest request && old is V1CertificateSigningRequest requested)
        {
            errors.AddRange(Registry.Certificates.CertificateStatusRules.Validate(request, requested, isApproval: true));
        }

        if (subresource == "resize" && value is V1Pod resized && old is V1Pod before)
        {
            errors.AddRange(Registry.Pods.PodResizeRules.Validate(resized, before));
        }

        if (subresource == "ephemeralcontainers" && value is V1Pod pod && old is V1Pod was)
        {
            var names = pod.Spec.Containers.Select(c => c.Name).Concat(pod.Spec.InitContainers?.Select(c => c.Name) ?? []).ToHashSet(StringComparer.Ordinal);
            for (var i = 0; i < pod.Spec.EphemeralContainers?.Count; i++)
            {
                var container = pod.Spec.EphemeralContainers[i];
                if (string.IsNullOrEmpty(container.Name))
                {
                    errors.Add(FieldError.Required($"spec.ephemeralContainers[{i}].name"));
                }
                else if (!names.Add(container.Name))
                {
                    errors.Add(FieldError.Duplicate($"spec.ephemeralContainers[{i}].name", container.Name));
                }

                if (string.IsNullOrEmpty(container.Image))
                {
                    errors.Add(FieldError.Required($"spec.ephemeralContainers[{i}].image"));
                }
            }

            foreach (var gone in was.Spec.EphemeralContainers?.Where(c => pod.Spec.EphemeralContainers?.Any(n => n.Name == c.Name) is not true) ?? [])
            {
                errors.Add(FieldError.Forbidden("spec.ephemeralContainers", $"existing ephemeral containers \"{gone.Name}\" may not be removed"));
            }
        }

        return errors;
    }

    private static void CountGeneration(V1ObjectMeta metadata, V1ObjectMeta old, V1PodSpec spec, V1PodSpec was) =>
        metadata.Generation = ApiJson.Serialize(spec).AsSpan().SequenceEqual(ApiJson.Serialize(was)) ? old.Generation : (old.Generation ?? 0) + 1;
}
