using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>The three kinds of containers a pod may have; a sidecar is an init container that restarts always.</summary>
internal enum ContainerKind
{
    Init,
    Sidecar,
    Regular,
    Ephemeral,
}

/// <summary>Reads containers out of a pod's spec.</summary>
internal static class ContainerSpecs
{
    /// <summary>All containers in the order of their start.</summary>
    public static IEnumerable<(V1Container Container, ContainerKind Kind)> All(V1Pod pod)
    {
        foreach (var c in pod.Spec.InitContainers ?? [])
            yield return (c, IsSidecar(c) ? ContainerKind.Sidecar : ContainerKind.Init);
        foreach (var c in pod.Spec.EphemeralContainers ?? [])
            yield return (FromEphemeral(c), ContainerKind.Ephemeral);
        foreach (var c in pod.Spec.Containers ?? [])
            yield return (c, ContainerKind.Regular);
    }

    /// <summary>One container by name, or null.</summary>
    public static (V1Container Container, ContainerKind Kind)? Find(V1Pod pod, string name)
    {
        foreach (var found in All(pod))
        {
            if (found.Container.Name == name)
                return found;
        }

        return null;
    }

    /// <summary>Whether an init container keeps running beside the others.</summary>
    public static bool IsSidecar(V1Container container) => container.RestartPolicy == "Always";

    /// <summary>
    /// What makes a running container outdated. Only the image can be changed in a running pod, so only name and image count:
    /// a new default in the API must not restart every container.
    /// </summary>
    public static string Hash(V1Container container) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{container.Name}\n{container.Image}")).AsSpan(0, 8));

    /// <summary><c>spec.containers{web}</c>: how events name a container.</summary>
    public static string FieldPath(ContainerKind kind, string name) => kind switch
    {
        ContainerKind.Init or ContainerKind.Sidecar => $"spec.initContainers{{{name}}}",
        ContainerKind.Ephemeral => $"spec.ephemeralContainers{{{name}}}",
        _ => $"spec.containers{{{name}}}",
    };

    /// <summary><c>web-1_default(uid)</c>: how messages name a pod.</summary>
    public static string Describe(V1Pod pod) =>
        string.Create(CultureInfo.InvariantCulture, $"{pod.Metadata.Name}_{pod.Metadata.NamespaceProperty}({pod.Metadata.Uid})");

    /// <summary>The target whose process namespace an ephemeral container joins, or null.</summary>
    public static string? EphemeralTarget(V1Pod pod, string name) =>
        pod.Spec.EphemeralContainers?.FirstOrDefault(c => c.Name == name)?.TargetContainerName is { Length: > 0 } target ? target : null;

    private static V1Container FromEphemeral(V1EphemeralContainer c) => new()
    {
        Args = c.Args,
        Command = c.Command,
        Env = c.Env,
        EnvFrom = c.EnvFrom,
        Image = c.Image,
        ImagePullPolicy = c.ImagePullPolicy,
        Name = c.Name,
        Resources = c.Resources,
        RestartPolicy = "Never",
        SecurityContext = c.SecurityContext,
        Stdin = c.Stdin,
        StdinOnce = c.StdinOnce,
        TerminationMessagePath = c.TerminationMessagePath,
        TerminationMessagePolicy = c.TerminationMessagePolicy,
        Tty = c.Tty,
        VolumeMounts = c.VolumeMounts,
        WorkingDir = c.WorkingDir,
    };
}
