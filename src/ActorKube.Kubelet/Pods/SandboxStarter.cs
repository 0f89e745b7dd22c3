using ActorKube.ContainerRuntime;
using ActorKube.Kubelet.Containers;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>Creates a pod's sandbox and the files its containers share.</summary>
internal sealed class SandboxStarter(PodServices services)
{
    public async Task<PodFact> CreateAsync(V1Pod pod, uint attempt, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(services.Directories.Logs(pod));
            var config = services.Sandboxes.Build(pod, attempt);
            var handler = pod.Spec.RuntimeClassName is { Length: > 0 } name
                ? await services.Objects.RuntimeHandlerAsync(name, cancellationToken).ConfigureAwait(false) ?? throw new ContainerRuntimeException($"RuntimeClass \"{name}\" not found")
                : "";
            var id = await services.Runtime.RunPodSandboxAsync(config, handler, cancellationToken).ConfigureAwait(false);
            return new SandboxCreated(id);
        }
        catch (Exception e) when (e is ContainerRuntimeException or IOException or UnauthorizedAccessException)
        {
            services.Events.Record(pod, "Warning", "FailedCreatePodSandBox", $"Failed to create pod sandbox: {e.Message}");
            return new SandboxFailed();
        }
    }

    /// <summary>Writes the pod's hosts file; its text depends on the addresses the sandbox got.</summary>
    public static async Task WriteHostsFileAsync(PodServices services, V1Pod pod, IReadOnlyList<string> addresses, CancellationToken cancellationToken)
    {
        var path = services.Directories.HostsFile(pod.Metadata.Uid);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var hostFile = pod.Spec.HostNetwork == true && File.Exists("/etc/hosts") ? await File.ReadAllTextAsync("/etc/hosts", cancellationToken).ConfigureAwait(false) : "";
        var text = HostsFile.Text(pod, addresses, PodDns.Hostname(pod, services.Settings.NodeName), services.Sandboxes.Dns.Domain(pod), hostFile);
        if (File.Exists(path) && await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false) == text)
            return;

        // Written in place: running containers have this very file mounted.
        await File.WriteAllTextAsync(path, text, cancellationToken).ConfigureAwait(false);
    }
}
