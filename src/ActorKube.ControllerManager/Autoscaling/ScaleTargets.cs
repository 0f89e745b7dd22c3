using ActorKube.Api.Kinds;
using ActorKube.Client.Informers;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>Finds the resources of a kind that an autoscaler names, built-in or custom. Any version of the group will do, that which is named first.</summary>
internal sealed class ScaleTargets(ILister<V1CustomResourceDefinition> definitions)
{
    /// <summary>The resources of a kind; none when there is no such kind.</summary>
    public IReadOnlyList<ResourceKind> Find(V2CrossVersionObjectReference reference)
    {
        var (group, version) = Split(reference.ApiVersion);
        return
        [
            .. KindRegistry.BuiltIn.All.Concat(definitions.List().Where(d => d.Spec.Group == group).SelectMany(CustomKinds.Served))
                .Where(k => k.Group == group && k.Kind == reference.Kind)
                .OrderByDescending(k => k.Version == version),
        ];
    }

    /// <summary>What is said of a kind that there is not.</summary>
    public static string NoSuchKind(V2CrossVersionObjectReference reference) => $"no matches for kind \"{reference.Kind}\" in group \"{Split(reference.ApiVersion).Group}\"";

    /// <summary>What is wrong with the reference's apiVersion, or null.</summary>
    public static string? Wrong(V2CrossVersionObjectReference reference) =>
        (reference.ApiVersion ?? "").Count(c => c == '/') > 1 ? $"unexpected GroupVersion string: {reference.ApiVersion}" : null;

    private static (string Group, string Version) Split(string? apiVersion) =>
        apiVersion?.IndexOf('/') is >= 0 and var slash ? (apiVersion[..slash], apiVersion[(slash + 1)..]) : ("", apiVersion ?? "");
}
