namespace ActorKube.ContainerRuntime.Cri;

public sealed partial class CriRuntime
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<Image>> ListImagesAsync(CancellationToken cancellationToken = default) =>
        (await CallAsync("ListImages", o => _images.ListImagesAsync(new ListImagesRequest(), o), cancellationToken).ConfigureAwait(false)).Images;

    /// <inheritdoc/>
    public async Task<Image?> ImageStatusAsync(string image, CancellationToken cancellationToken = default)
    {
        var request = new ImageStatusRequest { Image = new ImageSpec { Image = image } };
        return (await CallAsync("ImageStatus", o => _images.ImageStatusAsync(request, o), cancellationToken).ConfigureAwait(false)).Image;
    }

    /// <inheritdoc/>
    public async Task<string> PullImageAsync(
        string image, AuthConfig? auth, PodSandboxConfig? sandboxConfig, CancellationToken cancellationToken = default)
    {
        var request = new PullImageRequest { Image = new ImageSpec { Image = image }, Auth = auth, SandboxConfig = sandboxConfig };

        // A big image over a slow line takes what it takes; the runtime itself gives up when nothing moves.
        return (await CallAsync("PullImage", o => _images.PullImageAsync(request, o), cancellationToken, Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false)).ImageRef;
    }

    /// <inheritdoc/>
    public Task RemoveImageAsync(string image, CancellationToken cancellationToken = default)
    {
        var request = new RemoveImageRequest { Image = new ImageSpec { Image = image } };
        return UnlessGoneAsync(CallAsync("RemoveImage", o => _images.RemoveImageAsync(request, o), cancellationToken));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ImportImageAsync(Stream archive, CancellationToken cancellationToken = default)
    {
        if (Name != "containerd")
        {
            throw new ContainerRuntimeException(
                $"{Name} cannot import image archives: CRI has no call for it. Push the image to a registry that the node can reach.",
                ContainerRuntimeError.Unimplemented);
        }

        var references = await new CtrImageImport(SocketPath).ImportAsync(archive, cancellationToken).ConfigureAwait(false);

        // The CRI plugin learns of images from containerd's events, a moment after ctr is done.
        var patience = _time.GetTimestamp();
        foreach (var reference in references)
        {
            while (await ImageStatusAsync(reference, cancellationToken).ConfigureAwait(false) is null)
            {
                if (_time.GetElapsedTime(patience) > _options.ImportTimeout)
                {
                    throw new ContainerRuntimeException($"{reference} was imported but the runtime does not list it.", ContainerRuntimeError.Timeout);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken).ConfigureAwait(false);
            }
        }

        return references;
    }

    /// <inheritdoc/>
    public Task<ImageFsInfoResponse> ImageFsInfoAsync(CancellationToken cancellationToken = default) =>
        CallAsync("ImageFsInfo", o => _images.ImageFsInfoAsync(new ImageFsInfoRequest(), o), cancellationToken);
}
