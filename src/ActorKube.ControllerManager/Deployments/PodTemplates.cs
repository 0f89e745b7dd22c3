using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>Tells pod templates apart, and gives each a short name.</summary>
internal static class PodTemplates
{
    /// <summary>The label that keeps the pods of one Deployment's ReplicaSets apart.</summary>
    public const string HashLabel = "pod-template-hash";

    /// <summary>Whether two templates mean the same, the hash label aside.</summary>
    public static bool Same(V1PodTemplateSpec left, V1PodTemplateSpec right) => SemanticEquality.Equal(WithoutHash(left), WithoutHash(right));

    /// <summary>
    /// A short hash of a template: FNV-1a over its JSON, and over the number of collisions so far where there were any. The same template may hash differently
    /// after an upgrade, so it is compared by meaning and the hash only names.
    /// </summary>
    public static string Hash(V1PodTemplateSpec template, int? collisionCount)
    {
        var hash = 2166136261;
        Add(ApiJson.Serialize(template));
        if (collisionCount is { } count)
            Add(BitConverter.GetBytes(count));
        return NameSuffixes.Encode(hash);

        void Add(ReadOnlySpan<byte> bytes)
        {
            foreach (var b in bytes)
                hash = (hash ^ b) * 16777619;
        }
    }

    /// <summary>The template as the Deployment has it.</summary>
    public static V1PodTemplateSpec WithoutHash(V1PodTemplateSpec template)
    {
        if (template.Metadata?.Labels is not { } labels || !labels.ContainsKey(HashLabel))
            return template;
        var others = labels.Where(l => l.Key != HashLabel).ToDictionary(l => l.Key, l => l.Value);
        return template with { Metadata = template.Metadata with { Labels = others } };
    }
}
