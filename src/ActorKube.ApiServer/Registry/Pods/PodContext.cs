using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>What the rules of containers and volumes need to know of the pod around them.</summary>
/// <param name="Spec">The pod's spec.</param>
/// <param name="IsPod">False for a template.</param>
/// <param name="PodName">The pod's name; null for a template.</param>
/// <param name="Errors">Where errors go.</param>
internal sealed record PodContext(V1PodSpec Spec, bool IsPod, string? PodName, FieldErrors Errors)
{
    /// <summary>The volumes that are right in themselves, by name; a mount of any other is an error.</summary>
    public Dictionary<string, V1Volume> Volumes { get; } = new(StringComparer.Ordinal);

    /// <summary>The names of the pod's resource claims.</summary>
    public HashSet<string> Claims { get; } = [.. (Spec.ResourceClaims ?? []).Select(c => c.Name).Where(n => !string.IsNullOrEmpty(n))];

    /// <summary>Whether the pod shares the host's user namespace, which is the default.</summary>
    public bool HostUsers => Spec.HostUsers is not false;

    /// <summary>A name that must be a DNS label.</summary>
    public void Label(FieldPath path, string? value) => Errors.Invalid(path, value, NameRules.Dns1123Label(value ?? ""));

    /// <summary>A name that must be a DNS subdomain.</summary>
    public void Subdomain(FieldPath path, string? value) => Errors.Invalid(path, value, NameRules.Dns1123Subdomain(value ?? ""));
}
