using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorKube.ContainerRuntime.Builtin.Oci;

/// <summary>The part of the OCI runtime specification (<c>config.json</c>) that the runtime writes. https://github.com/opencontainers/runtime-spec</summary>
internal sealed record OciSpec
{
    public string OciVersion { get; init; } = "1.0.2";

    public required OciProcess Process { get; init; }

    public required OciRoot Root { get; init; }

    public string? Hostname { get; init; }

    public List<OciMount> Mounts { get; init; } = [];

    public Dictionary<string, string>? Annotations { get; init; }

    public required OciLinux Linux { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, OciSpecJson.Default.OciSpec);

    public static OciSpec FromJson(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, OciSpecJson.Default.OciSpec)!;
}

internal sealed record OciProcess
{
    public bool Terminal { get; init; }

    public OciUser User { get; init; } = new();

    public required IReadOnlyList<string> Args { get; init; }

    public IReadOnlyList<string> Env { get; init; } = [];

    public string Cwd { get; init; } = "/";

    public OciCapabilities? Capabilities { get; init; }

    public bool NoNewPrivileges { get; init; }

    public int? OomScoreAdj { get; init; }

    public string? ApparmorProfile { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, OciSpecJson.Default.OciProcess);
}

internal sealed record OciUser
{
    public uint Uid { get; init; }

    public uint Gid { get; init; }

    public IReadOnlyList<uint>? AdditionalGids { get; init; }
}

internal sealed record OciCapabilities
{
    public IReadOnlyList<string> Bounding { get; init; } = [];

    public IReadOnlyList<string> Effective { get; init; } = [];

    public IReadOnlyList<string> Permitted { get; init; } = [];

    public IReadOnlyList<string>? Inheritable { get; init; }

    public IReadOnlyList<string>? Ambient { get; init; }
}

internal sealed record OciRoot
{
    public required string Path { get; init; }

    public bool Readonly { get; init; }
}

internal sealed record OciMount
{
    public required string Destination { get; init; }

    public required string Type { get; init; }

    public required string Source { get; init; }

    public IReadOnlyList<string> Options { get; init; } = [];
}

internal sealed record OciLinux
{
    public IReadOnlyList<OciNamespace> Namespaces { get; init; } = [];

    public string? CgroupsPath { get; init; }

    public OciResources? Resources { get; init; }

    public IReadOnlyList<OciDevice>? Devices { get; init; }

    public IReadOnlyList<string>? MaskedPaths { get; init; }

    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    public string? RootfsPropagation { get; init; }

    public OciSeccomp? Seccomp { get; init; }
}

internal sealed record OciNamespace
{
    public required string Type { get; init; }

    public string? Path { get; init; }
}

internal sealed record OciDevice
{
    public required string Path { get; init; }

    public required string Type { get; init; }

    public long Major { get; init; }

    public long Minor { get; init; }

    public uint? FileMode { get; init; }

    public uint? Uid { get; init; }

    public uint? Gid { get; init; }
}

internal sealed record OciResources
{
    public IReadOnlyList<OciDeviceRule>? Devices { get; init; }

    public OciMemory? Memory { get; init; }

    public OciCpu? Cpu { get; init; }

    public OciPids? Pids { get; init; }

    public IReadOnlyList<OciHugepage>? HugepageLimits { get; init; }

    public Dictionary<string, string>? Unified { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, OciSpecJson.Default.OciResources);
}

internal sealed record OciDeviceRule
{
    public bool Allow { get; init; }

    public string? Type { get; init; }

    public long? Major { get; init; }

    public long? Minor { get; init; }

    public string? Access { get; init; }
}

internal sealed record OciMemory
{
    public long? Limit { get; init; }

    public long? Swap { get; init; }
}

internal sealed record OciCpu
{
    public ulong? Shares { get; init; }

    public long? Quota { get; init; }

    public ulong? Period { get; init; }

    public string? Cpus { get; init; }

    public string? Mems { get; init; }
}

internal sealed record OciPids
{
    public long Limit { get; init; }
}

internal sealed record OciHugepage
{
    public required string PageSize { get; init; }

    public ulong Limit { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciSpec))]
[JsonSerializable(typeof(OciProcess))]
[JsonSerializable(typeof(OciResources))]
[JsonSerializable(typeof(OciSeccomp))]
internal sealed partial class OciSpecJson : JsonSerializerContext;
