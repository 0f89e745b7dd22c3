using System.Text.Json;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>
/// The demo image that ActorKube brings along, for clusters with no registry in reach: a web server that answers with its pod's name. It comes in two
/// versions that say which they are, so that a rolling update can be watched.
/// </summary>
public static class DemoImage
{
    /// <summary>The image's name without a tag.</summary>
    public const string Repository = "actorkube.io/hello";

    /// <summary>The port that it listens on, unless PORT says another.</summary>
    public const int Port = 8080;

    /// <summary>The tags: <c>actorkube.io/hello:1</c> answers "(v1)", <c>actorkube.io/hello:2</c> "(v2)".</summary>
    public static IReadOnlyList<string> Versions { get; } = ["1", "2"];

    /// <summary>The whole name of one version: <c>actorkube.io/hello:1</c>.</summary>
    public static string Name(string version) => $"{Repository}:{version}";

    /// <summary>One version as an OCI-layout tar, for <see cref="IContainerRuntime.ImportImageAsync"/>.</summary>
    public static byte[] Archive(string version) =>
        new ImageBuilder(version == Versions[^1] ? [Name(version), $"{Repository}:latest"] : [Name(version)])
        {
            Config = new OciProcessConfig
            {
                Entrypoint = ["/hello"],
                ExposedPorts = new Dictionary<string, JsonElement> { [$"{Port}/tcp"] = JsonDocument.Parse("{}").RootElement },
                WorkingDir = "/",
                User = "65532:65532",
                Labels = new Dictionary<string, string>
                {
                    ["org.opencontainers.image.title"] = "hello",
                    ["org.opencontainers.image.version"] = version,
                    ["org.opencontainers.image.description"] = "A web server that answers with its pod's name",
                },
            },
        }
            .Executable("hello", HelloServer.Build(TinyAssembler.Current, $"v{version}"))
            .File("etc/passwd", "hello:x:65532:65532::/:/sbin/nologin\n"u8.ToArray())
            .File("etc/group", "hello:x:65532:\n"u8.ToArray())
            .ToArray();

    /// <summary>Brings every version into a runtime that does not have it yet.</summary>
    public static async Task ImportAsync(IContainerRuntime runtime, CancellationToken cancellationToken = default)
    {
        foreach (var version in Versions)
        {
            if (await runtime.ImageStatusAsync(Name(version), cancellationToken).ConfigureAwait(false) is null)
                await runtime.ImportImageAsync(new MemoryStream(Archive(version)), cancellationToken).ConfigureAwait(false);
        }
    }
}
