using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>What Kubernetes warns about in pod specs that it nevertheless takes.</summary>
internal static class PodWarnings
{
    /// <summary>The warnings for a spec at <paramref name="path"/>; <paramref name="podName"/> is null for a template.</summary>
    public static IEnumerable<string> Of(V1PodSpec? spec, string path, string? podName, bool isCreate)
    {
        if (spec is null)
        {
            yield break;
        }

        if (isCreate && podName is not null && NameRules.Dns1123Label(podName) is { Count: > 0 } wrong)
        {
            yield return $"metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{string.Join(", ", wrong)}]";
        }

        for (var c = 0; c < (spec.Containers?.Count ?? 0); c++)
        {
            var (container, seen) = (spec.Containers![c], new HashSet<string>(StringComparer.Ordinal));
            for (var i = 0; i < (container.Env?.Count ?? 0); i++)
            {
                if (!seen.Add(container.Env![i].Name ?? ""))
                {
                    yield return $"{path}.containers[{c}].env[{i}]: hides previous definition of \"{container.Env[i].Name}\", which may be dropped when using apply";
                }
            }
        }

        for (var i = 0; i < (spec.ImagePullSecrets?.Count ?? 0); i++)
        {
            if (string.IsNullOrEmpty(spec.ImagePullSecrets![i].Name))
            {
                yield return $"{path}.imagePullSecrets[{i}].name: invalid empty name \"\"";
            }
        }

        if (spec.TerminationGracePeriodSeconds < 0)
        {
            yield return $"{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1";
        }
    }
}
