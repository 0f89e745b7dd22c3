using System.Text.Json;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Cli;

/// <summary>Finds the pod that <c>logs</c> and <c>exec</c> mean: a pod by name, or one of a Deployment, ReplicaSet, Service or other owner of a selector.</summary>
internal static class PodTargets
{
    private static readonly ResourceKind Pods = KindRegistry.BuiltIn.Of<V1Pod>();

    public static async Task<V1Pod> FindAsync(CliSession session, string target, CancellationToken cancellation)
    {
        if (!target.Contains('/'))
            return await GetPodAsync(session, target, cancellation);
        var name = ResourceNames.Parse([target])[0];
        if (name.Kind == Pods)
            return await GetPodAsync(session, name.Name!, cancellation);
        var owner = await session.SendAsync(session.Request("get", name.Kind, name.Name!), cancellation);
        var selector = owner["spec"]?["selector"]?["matchLabels"]?.AsObject() ?? (name.Kind.Resource == "services" ? owner["spec"]?["selector"]?.AsObject() : null)
            ?? throw new CliException($"cannot find pods of {name}: it has no selector");
        var pods = await ListAsync(session, string.Join(',', selector.Select(p => $"{p.Key}={(string?)p.Value}")), cancellation);
        return pods.OrderByDescending(p => p.Status?.Phase == "Running").FirstOrDefault() ?? throw new CliException($"no pods found of {name}");
    }

    public static async Task<IReadOnlyList<V1Pod>> ListAsync(CliSession session, string labelSelector, CancellationToken cancellation)
    {
        var list = await session.SendAsync(session.Request("list", Pods, query: ("labelSelector", labelSelector)), cancellation);
        return [.. list["items"]!.AsArray().Select(i => ApiJson.Deserialize<V1Pod>(JsonSerializer.SerializeToUtf8Bytes(i)))];
    }

    /// <summary>The container to use: the one named, the annotated default, or the first.</summary>
    public static async Task<string> ContainerAsync(V1Pod pod, string? named)
    {
        var names = (pod.Spec.Containers ?? []).Concat(pod.Spec.InitContainers ?? []).Select(c => c.Name).ToList();
        if (named is not null)
            return names.Contains(named) ? named : throw new CliException($"container {named} is not valid for pod {pod.Metadata.Name}");
        if (pod.Metadata.Annotations?.TryGetValue("kubectl.kubernetes.io/default-container", out var annotated) == true && names.Contains(annotated))
            return annotated;
        if (names.Count > 1)
            await Console.Error.WriteLineAsync($"Defaulted container \"{names[0]}\" out of: {string.Join(", ", names)}");
        return names[0];
    }

    private static async Task<V1Pod> GetPodAsync(CliSession session, string name, CancellationToken cancellation) =>
        ApiJson.Deserialize<V1Pod>(JsonSerializer.SerializeToUtf8Bytes(await session.SendAsync(session.Request("get", Pods, name), cancellation)));
}
