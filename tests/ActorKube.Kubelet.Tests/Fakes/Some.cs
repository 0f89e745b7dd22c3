using k8s.Models;

namespace ActorKube.Kubelet.Tests.Fakes;

/// <summary>Objects for tests.</summary>
internal static class Some
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static V1Pod Pod(string name = "web", params V1Container[] containers) => new()
    {
        ApiVersion = "v1",
        Kind = "Pod",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default", Uid = $"uid-{name}", Generation = 1 },
        Spec = new V1PodSpec
        {
            NodeName = "n1",
            RestartPolicy = "Always",
            TerminationGracePeriodSeconds = 30,
            Containers = containers.Length > 0 ? [.. containers] : [Container()],
        },
        Status = new V1PodStatus { Phase = "Pending", QosClass = "BestEffort" },
    };

    public static V1Container Container(string name = "main", string image = "registry.local/app:1") => new() { Name = name, Image = image };

    public static V1Container Sidecar(string name) => new() { Name = name, Image = "registry.local/side:1", RestartPolicy = "Always" };

    public static V1Pod Restarting(this V1Pod pod, string policy)
    {
        pod.Spec.RestartPolicy = policy;
        return pod;
    }

    public static V1Pod WithInit(this V1Pod pod, params V1Container[] init)
    {
        pod.Spec.InitContainers = [.. init];
        return pod;
    }

    public static V1Pod With(this V1Pod pod, Action<V1PodSpec> change)
    {
        change(pod.Spec);
        return pod;
    }

    public static V1Pod WithVolume(this V1Pod pod, V1Volume volume, string path = "/data")
    {
        pod.Spec.Volumes = [.. pod.Spec.Volumes ?? [], volume];
        foreach (var container in pod.Spec.Containers)
            container.VolumeMounts = [.. container.VolumeMounts ?? [], new V1VolumeMount { Name = volume.Name, MountPath = path }];
        return pod;
    }

    public static V1Pod Deleting(this V1Pod pod, long grace, DateTimeOffset since) => pod with
    {
        Metadata = pod.Metadata with { DeletionTimestamp = since.AddSeconds(grace).UtcDateTime, DeletionGracePeriodSeconds = grace },
    };

    public static V1ConfigMap ConfigMap(string name, params (string Key, string Value)[] data) => new()
    {
        ApiVersion = "v1",
        Kind = "ConfigMap",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
        Data = data.ToDictionary(d => d.Key, d => d.Value),
    };

    public static V1Secret Secret(string name, params (string Key, byte[] Value)[] data) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Type = "Opaque",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
        Data = data.ToDictionary(d => d.Key, d => d.Value),
    };
}

/// <summary>A directory that is gone after the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("actorkube-kubelet-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
