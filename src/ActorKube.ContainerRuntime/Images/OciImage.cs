using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>Media types of the OCI image specification and of Docker's older one.</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";
    public const string OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Whether the document lists manifests for several platforms.</summary>
    public static bool IsIndex(string? mediaType) => mediaType is OciIndex or DockerIndex;
}

/// <summary>Points at a blob by digest and size.</summary>
internal sealed record OciDescriptor
{
    public string? MediaType { get; init; }

    public string Digest { get; init; } = "";

    public long Size { get; init; }

    public OciPlatform? Platform { get; init; }

    public Dictionary<string, string>? Annotations { get; init; }
}

/// <summary>The machine an image is for.</summary>
internal sealed record OciPlatform
{
    public string Architecture { get; init; } = "";

    public string Os { get; init; } = "";

    public string? Variant { get; init; }

    /// <summary>Linux on this machine's processor.</summary>
    public static OciPlatform Current { get; } = new()
    {
        Os = "linux",
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            System.Runtime.InteropServices.Architecture.Armv6 => "arm",
            System.Runtime.InteropServices.Architecture.RiscV64 => "riscv64",
            var other => other.ToString().ToLowerInvariant(),
        },
    };
}

/// <summary>One document for both an index (many manifests) and a manifest (a config and layers): the fields tell which.</summary>
internal sealed record OciManifest
{
    public int SchemaVersion { get; init; } = 2;

    public string? MediaType { get; init; }

    public OciDescriptor? Config { get; init; }

    public List<OciDescriptor>? Layers { get; init; }

    public List<OciDescriptor>? Manifests { get; init; }
}

/// <summary>The image's configuration blob.</summary>
internal sealed record OciImageConfig
{
    public DateTimeOffset? Created { get; init; }

    public string? Architecture { get; init; }

    public string? Os { get; init; }

    public OciProcessConfig? Config { get; init; }

    [JsonPropertyName("rootfs")]
    public OciRootFs? RootFs { get; init; }
}

/// <summary>The layers of an image as digests of their uncompressed tars, lowest first.</summary>
internal sealed record OciRootFs
{
    public string Type { get; init; } = "layers";

    [JsonPropertyName("diff_ids")]
    public List<string> DiffIds { get; init; } = [];
}

/// <summary>How an image wants its process to be run. Kubernetes' command, args and security context override it.</summary>
public sealed record OciProcessConfig
{
    /// <summary>User as <c>uid</c>, <c>name</c>, <c>uid:gid</c> or <c>name:group</c>.</summary>
    [JsonPropertyName("User")]
    public string? User { get; init; }

    /// <summary>Ports that the image says it listens on, such as <c>8080/tcp</c>.</summary>
    [JsonPropertyName("ExposedPorts")]
    public Dictionary<string, JsonElement>? ExposedPorts { get; init; }

    /// <summary>Environment as <c>NAME=value</c>.</summary>
    [JsonPropertyName("Env")]
    public List<string>? Env { get; init; }

    /// <summary>The command's fixed first part.</summary>
    [JsonPropertyName("Entrypoint")]
    public List<string>? Entrypoint { get; init; }

    /// <summary>Default arguments.</summary>
    [JsonPropertyName("Cmd")]
    public List<string>? Cmd { get; init; }

    /// <summary>The directory to start in.</summary>
    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }

    /// <summary>Free labels.</summary>
    [JsonPropertyName("Labels")]
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>The signal that asks the process to end, by name or number; SIGTERM when absent.</summary>
    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }
}

/// <summary>One entry of a docker-archive's <c>manifest.json</c>.</summary>
internal sealed record DockerArchiveEntry
{
    [JsonPropertyName("Config")]
    public string Config { get; init; } = "";

    [JsonPropertyName("RepoTags")]
    public List<string>? RepoTags { get; init; }

    [JsonPropertyName("Layers")]
    public List<string> Layers { get; init; } = [];
}

/// <summary>A name and what it points at, as kept on disk.</summary>
internal sealed record ImageRefRecord
{
    public string Name { get; init; } = "";

    public OciDescriptor Target { get; init; } = new();
}

/// <summary>What is known of an unpacked layer.</summary>
internal sealed record LayerRecord
{
    public string ChainId { get; init; } = "";

    public string DiffId { get; init; } = "";

    public long Size { get; init; }

    public long Inodes { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciManifest))]
[JsonSerializable(typeof(OciImageConfig))]
[JsonSerializable(typeof(List<DockerArchiveEntry>))]
[JsonSerializable(typeof(ImageRefRecord))]
[JsonSerializable(typeof(LayerRecord))]
internal sealed partial class OciJson : JsonSerializerContext;
