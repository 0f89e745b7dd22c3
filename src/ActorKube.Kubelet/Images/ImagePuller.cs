using System.Collections.Concurrent;
using System.Globalization;
using ActorKube.Client;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Volumes;
using k8s.Models;

namespace ActorKube.Kubelet.Images;

/// <summary>
/// Makes sure that a container's image is there, by its pull policy. Pods that want the same image with the same credentials at
/// the same time share one pull. Source: https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy
/// </summary>
internal sealed class ImagePuller(IContainerRuntime runtime, IObjectSource objects, IEventRecorder events, TimeProvider time, int maxParallel) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(maxParallel);
    private readonly ConcurrentDictionary<(string Image, string Auth), Lazy<Task<TimeSpan>>> _pulling = new();

    /// <summary>Returns the image as the runtime has it.</summary>
    /// <exception cref="ContainerStartException">The image is not there and cannot be had now.</exception>
    public async Task<Image> EnsureAsync(V1Pod pod, V1Container container, ContainerKind kind, PodSandboxConfig sandbox, bool pullAllowed, CancellationToken cancellationToken)
    {
        var field = ContainerSpecs.FieldPath(kind, container.Name);
        if (!ImageReference.TryParse(container.Image ?? "", out var reference))
        {
            var message = $"Failed to apply default image tag \"{container.Image}\": couldn't parse image name \"{container.Image}\": invalid reference format";
            events.Record(pod, "Warning", "InspectFailed", message, field);
            throw new ContainerStartException("InvalidImageName", message);
        }

        var name = reference.ToString();
        var present = await runtime.ImageStatusAsync(name, cancellationToken).ConfigureAwait(false);
        var policy = Policy(container, reference);
        if (present is not null && policy != "Always")
        {
            events.Record(pod, "Normal", "Pulled", $"Container image \"{container.Image}\" already present on machine and can be accessed by the pod", field);
            return present;
        }

        if (policy == "Never")
        {
            var message = $"Container image \"{container.Image}\" is not present with pull policy of Never";
            events.Record(pod, "Warning", "ErrImageNeverPull", message, field);
            throw new ContainerStartException("ErrImageNeverPull", message);
        }

        if (!pullAllowed)
        {
            var message = $"Back-off pulling image \"{container.Image}\"";
            events.Record(pod, "Normal", "BackOff", message, field);
            throw new ContainerStartException("ImagePullBackOff", message);
        }

        await PullAsync(pod, container, reference, sandbox, field, cancellationToken).ConfigureAwait(false);
        return await runtime.ImageStatusAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw new ContainerStartException("ErrImagePull", $"the image \"{container.Image}\" is gone right after it was pulled", pullFailed: true);
    }

    /// <summary>The policy that holds: for <c>latest</c> Always, else IfNotPresent, unless the container says otherwise.</summary>
    public static string Policy(V1Container container, ImageReference reference) =>
        container.ImagePullPolicy is { Length: > 0 } policy ? policy : reference.IsLatest ? "Always" : "IfNotPresent";

    public void Dispose() => _slots.Dispose();

    private async Task PullAsync(V1Pod pod, V1Container container, ImageReference reference, PodSandboxConfig sandbox, string field, CancellationToken cancellationToken)
    {
        events.Record(pod, "Normal", "Pulling", $"Pulling image \"{container.Image}\"", field);
        var began = time.GetTimestamp();
        var failures = new List<string>();
        foreach (var auth in PullSecrets.For(reference, await SecretsAsync(pod, cancellationToken).ConfigureAwait(false)))
        {
            try
            {
                var pulled = await SharedPullAsync(reference.ToString(), auth, sandbox, cancellationToken).ConfigureAwait(false);
                var size = (await runtime.ImageStatusAsync(reference.ToString(), cancellationToken).ConfigureAwait(false))?.Size ?? 0;
                var total = Duration.Format(time.GetElapsedTime(began));
                var message = string.Create(CultureInfo.InvariantCulture,
                    $"Successfully pulled image \"{container.Image}\" in {Duration.Format(pulled)} ({total} including waiting). Image size: {size} bytes.");
                events.Record(pod, "Normal", "Pulled", message, field);
                return;
            }
            catch (ContainerRuntimeException e)
            {
                failures.Add(e.Message);
            }
        }

        var error = string.Join("; ", failures);
        events.Record(pod, "Warning", "Failed", $"Failed to pull image \"{container.Image}\": {error}", field);
        throw new ContainerStartException("ErrImagePull", error, pullFailed: true);
    }

    // How long the pull itself took, without waiting for its turn.
    private async Task<TimeSpan> SharedPullAsync(string image, AuthConfig? auth, PodSandboxConfig sandbox, CancellationToken cancellationToken)
    {
        var key = (image, auth is null ? "" : $"{auth.Username}\n{auth.Password}\n{auth.IdentityToken}\n{auth.RegistryToken}");

        // Not bound to the caller's token: another pod may be waiting for the same pull.
        var pull = _pulling.GetOrAdd(key, _ => new Lazy<Task<TimeSpan>>(() => Task.Run(
            async () =>
            {
                await _slots.WaitAsync(CancellationToken.None).ConfigureAwait(false);
                try
                {
                    var began = time.GetTimestamp();
                    await runtime.PullImageAsync(image, auth, sandbox, CancellationToken.None).ConfigureAwait(false);
                    return time.GetElapsedTime(began);
                }
                finally
                {
                    _slots.Release();
                    _pulling.TryRemove(key, out Lazy<Task<TimeSpan>>? _);
                }
            },
            CancellationToken.None)));
        return await pull.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    // A secret that does not exist is no reason not to try.
    private async Task<List<V1Secret>> SecretsAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        var secrets = new List<V1Secret>();
        foreach (var reference in pod.Spec.ImagePullSecrets ?? [])
        {
            if (await objects.SecretAsync(pod.Metadata.NamespaceProperty, reference.Name, cancellationToken).ConfigureAwait(false) is { } secret)
                secrets.Add(secret);
            else
                events.Record(pod, "Warning", "FailedToRetrieveImagePullSecret",
                    $"Unable to retrieve some image pull secrets ({reference.Name}); attempting to pull the image may not succeed.");
        }

        return secrets;
    }
}

/// <summary>A container could not be started; the reason is shown as the container's waiting reason.</summary>
internal sealed class ContainerStartException(string reason, string message, bool pullFailed = false, Exception? inner = null) : Exception(message, inner)
{
    public string Reason { get; } = reason;

    public bool PullFailed { get; } = pullFailed;
}
