using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Containers;
using ActorKube.Kubelet.Images;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>Starts one container: image, environment, files, create, start, postStart hook.</summary>
internal sealed class ContainerStarter(PodServices services)
{
    private readonly LifecycleHooks _hooks = new(services.Runtime, services.Time);

    public async Task<PodFact> StartAsync(PodState state, StartContainer action, CancellationToken cancellationToken)
    {
        var (pod, container) = (state.Pod, action.Container);
        var field = ContainerSpecs.FieldPath(action.Kind, container.Name);
        try
        {
            var id = await StartAsync(state, action, field, cancellationToken).ConfigureAwait(false);
            return new ContainerStarted(container.Name, id);
        }
        catch (ContainerStartException e)
        {
            // Image trouble has told its own story already; this is the line that says what became of the container.
            var message = e.Reason is "ErrImagePull" or "ImagePullBackOff" or "ErrImageNeverPull" or "InvalidImageName" ? e.Reason : e.Message;
            services.Events.Record(pod, "Warning", e.Reason == "PostStartHookError" ? "FailedPostStartHook" : "Failed",
                e.Reason == "PostStartHookError" ? "PostStartHook failed" : $"Error: {message}", field);
            return new ContainerStartFailed(container.Name, e.Reason, e.Message, e.PullFailed);
        }
    }

    private async Task<string> StartAsync(PodState state, StartContainer action, string field, CancellationToken cancellationToken)
    {
        var (pod, container) = (state.Pod, action.Container);
        var sandboxConfig = services.Sandboxes.Build(pod, state.Runtime?.Sandbox?.Attempt ?? 0);
        var image = await services.Images.EnsureAsync(pod, container, action.Kind, sandboxConfig, action.PullAllowed, cancellationToken).ConfigureAwait(false);
        var config = await ConfigureAsync(state, action, image, cancellationToken).ConfigureAwait(false);
        var id = await CallAsync("CreateContainerError", () => services.Runtime.CreateContainerAsync(action.SandboxId, config, sandboxConfig, cancellationToken)).ConfigureAwait(false);
        services.Events.Record(pod, "Normal", "Created", "Container created", field);
        await CallAsync("RunContainerError", async () =>
        {
            await services.Runtime.StartContainerAsync(id, cancellationToken).ConfigureAwait(false);
            return id;
        }).ConfigureAwait(false);
        services.Events.Record(pod, "Normal", "Started", "Container started", field);
        await PostStartAsync(state, container, id, cancellationToken).ConfigureAwait(false);
        return id;
    }

    private async Task<ContainerConfig> ConfigureAsync(PodState state, StartContainer action, Image image, CancellationToken cancellationToken)
    {
        var (pod, container) = (state.Pod, action.Container);
        var addresses = pod.Spec.HostNetwork == true ? services.Node.Addresses : state.Runtime?.Sandbox?.Addresses.ToArray() ?? [];
        try
        {
            // Without the services known, a container would miss addresses it counts on.
            await services.Services.Synced.WaitAsync(cancellationToken).ConfigureAwait(false);
            var sources = await ContainerSources.ReadAsync(
                pod, container, services.Objects, services.Services.Lister.List(), addresses, services.Node.Addresses, services.Resources, cancellationToken).ConfigureAwait(false);
            var target = ContainerSpecs.EphemeralTarget(pod, container.Name) is { } name ? state.Runtime?.Latest(name)?.Id : null;
            await SandboxStarter.WriteHostsFileAsync(services, pod, addresses, cancellationToken).ConfigureAwait(false);
            PrepareTerminationFile(pod, container, action.RestartCount);
            PrepareLogDirectory(pod, container);
            return services.Containers.Build(pod, container, action.RestartCount, image, sources, target);
        }
        catch (ContainerConfigException e)
        {
            throw new ContainerStartException("CreateContainerConfigError", e.Message, inner: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ContainerStartException("CreateContainerConfigError", e.Message, inner: e);
        }
    }

    // The container writes its last words as whatever user it runs as.
    private void PrepareTerminationFile(V1Pod pod, V1Container container, int restartCount)
    {
        var path = services.Directories.TerminationMessage(pod.Metadata.Uid, container.Name, restartCount);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, []);
        Modes.Set(path, (UnixFileMode)0b110_110_110);
    }

    private void PrepareLogDirectory(V1Pod pod, V1Container container) =>
        Directory.CreateDirectory(Path.Combine(services.Directories.Logs(pod), container.Name));

    private async Task PostStartAsync(PodState state, V1Container container, string id, CancellationToken cancellationToken)
    {
        if (container.Lifecycle?.PostStart is not { } hook)
            return;
        var address = state.Runtime?.Sandbox is { Addresses.IsEmpty: false } sandbox ? sandbox.Addresses[0] : services.Node.Addresses.FirstOrDefault() ?? "";
        if (await _hooks.RunAsync(hook, container, id, address, cancellationToken).ConfigureAwait(false) is not { } failure)
            return;

        // As in Kubernetes a container whose hook failed is killed, and its restart policy decides.
        await services.Runtime.StopContainerAsync(id, PodTermination.SpecGrace(state.Pod), cancellationToken).ConfigureAwait(false);
        throw new ContainerStartException("PostStartHookError", $"PostStartHook failed: {failure}");
    }

    private static async Task<string> CallAsync(string reason, Func<Task<string>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (ContainerRuntimeException e) when (e.Error != ContainerRuntimeError.Unavailable)
        {
            throw new ContainerStartException(reason, e.Message, inner: e);
        }
    }
}
