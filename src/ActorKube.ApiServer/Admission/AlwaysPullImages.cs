using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Every image is pulled anew, so that only who may pull it may run it. Off by default.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#alwayspullimages
/// </summary>
internal sealed class AlwaysPullImages : IAdmissionPlugin
{
    private const string Always = "Always";

    /// <inheritdoc/>
    public string Name => "AlwaysPullImages";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => kind.ClrType == typeof(V1Pod) && operation is "CREATE" or "UPDATE";

    /// <inheritdoc/>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "" or "ephemeralcontainers", Object: V1Pod { Spec: { } spec } } && BringsImages(request, spec))
        {
            foreach (var container in (spec.InitContainers ?? []).Concat(spec.Containers ?? []))
            {
                container.ImagePullPolicy = Always;
            }

            foreach (var container in spec.EphemeralContainers ?? [])
            {
                container.ImagePullPolicy = Always;
            }

            foreach (var image in (spec.Volumes ?? []).Select(v => v.Image).OfType<V1ImageVolumeSource>())
            {
                image.PullPolicy = Always;
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "" or "ephemeralcontainers", Object: V1Pod { Spec: { } spec } } && BringsImages(request, spec))
        {
            Check(request, "initContainers", (spec.InitContainers ?? []).Select(c => c.ImagePullPolicy));
            Check(request, "containers", (spec.Containers ?? []).Select(c => c.ImagePullPolicy));
            Check(request, "ephemeralContainers", (spec.EphemeralContainers ?? []).Select(c => c.ImagePullPolicy));
        }

        return ValueTask.CompletedTask;
    }

    // Pods that were there before the plugin was switched on must stay changeable in other ways.
    private static bool BringsImages(AdmissionRequest request, V1PodSpec spec)
    {
        if (request.Old is not V1Pod { Spec: { } old })
        {
            return true;
        }

        var known = Images(old).ToHashSet(StringComparer.Ordinal);
        return Images(spec).Any(i => !known.Contains(i));
    }

    private static IEnumerable<string> Images(V1PodSpec spec) =>
        (spec.InitContainers ?? []).Concat(spec.Containers ?? []).Select(c => c.Image).Concat((spec.EphemeralContainers ?? []).Select(c => c.Image)).Where(i => i is not null);

    private static void Check(AdmissionRequest request, string field, IEnumerable<string?> policies)
    {
        foreach (var (i, policy) in policies.Index())
        {
            if (policy != Always)
            {
                throw request.Forbidden(FieldError.NotSupported($"spec.{field}[{i}].imagePullPolicy", policy, [Always]).ToString());
            }
        }
    }
}
