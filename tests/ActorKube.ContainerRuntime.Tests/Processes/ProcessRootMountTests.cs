using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorKube.ContainerRuntime.Tests.Processes;

public sealed class ProcessRootMountTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("actorkube-root-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_file_is_mounted_below_folders_that_the_image_does_not_have()
    {
        var log = Path.Combine(_root, "log");
        File.WriteAllText(log, "");
        var image = Path.Combine(_root, "image");
        Directory.CreateDirectory(image);

        ProcessRoot.LinkMounts(image, [new Mount { ContainerPath = "/dev/deep/termination-log", HostPath = log }], NullLogger.Instance);

        Assert.Equal(log, new FileInfo(Path.Combine(image, "dev/deep/termination-log")).LinkTarget);
    }
}
