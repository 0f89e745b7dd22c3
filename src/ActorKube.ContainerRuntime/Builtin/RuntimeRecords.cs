using System.Text.Json;
using System.Text.Json.Serialization;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using Google.Protobuf;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>What is kept on disk of a sandbox, beside its configuration.</summary>
internal sealed record SandboxRecord
{
    public required string Id { get; init; }

    public long CreatedAt { get; init; }

    /// <summary>Namespaces and network stand. Until then, a crash leaves ruins that the next start clears.</summary>
    public bool Ready { get; init; }

    public bool Stopped { get; init; }

    public IReadOnlyList<string> Addresses { get; init; } = [];

    public required string CgroupParent { get; init; }

    /// <summary>The process that holds a shared process namespace, 0 when there is none.</summary>
    public int PausePid { get; init; }

    public ulong PauseStartTicks { get; init; }

    public string RuntimeHandler { get; init; } = "";
}

/// <summary>What is kept on disk of a container, beside its configuration.</summary>
internal sealed record ContainerRecord
{
    public required string Id { get; init; }

    public required string SandboxId { get; init; }

    public long CreatedAt { get; init; }

    public long StartedAt { get; init; }

    public long FinishedAt { get; init; }

    public int ExitCode { get; init; }

    public string Reason { get; init; } = "";

    public string Message { get; init; } = "";

    /// <summary>The container's first process; its start time tells it from a later process of the same number.</summary>
    public int Pid { get; init; }

    public ulong StartTicks { get; init; }

    public required string ImageId { get; init; }

    public required string ImageRef { get; init; }

    /// <summary>Chain ids of the layers it stands on, lowest first.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    public required string LogPath { get; init; }

    public required string CgroupPath { get; init; }

    public int StopSignal { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    public IReadOnlyList<uint> Groups { get; init; } = [];

    [JsonIgnore]
    public ContainerState State =>
        FinishedAt != 0 ? ContainerState.ContainerExited
        : StartedAt != 0 ? ContainerState.ContainerRunning
        : ContainerState.ContainerCreated;
}

[JsonSerializable(typeof(SandboxRecord))]
[JsonSerializable(typeof(ContainerRecord))]
internal sealed partial class RuntimeRecordJson : JsonSerializerContext;

/// <summary>The runtime's directories and the records in them. A record is replaced by a rename, so it is never half written.</summary>
internal sealed class RuntimeDirectories
{
    private const string RecordFile = "state.json";
    private const string ConfigFile = "config.pb";

    public RuntimeDirectories(BuiltinRuntimeOptions options)
    {
        Images = Path.Combine(options.RootDirectory, "images");
        SandboxRecords = Path.Combine(options.RootDirectory, "sandboxes");
        ContainerRecords = Path.Combine(options.RootDirectory, "containers");
        Namespaces = Path.Combine(options.StateDirectory, "namespaces");
        SharedMemory = Path.Combine(options.StateDirectory, "shm");
        Bundles = Path.Combine(options.StateDirectory, "bundles");
        Exits = Path.Combine(options.StateDirectory, "exits");
        OciRuntime = Path.Combine(options.StateDirectory, "oci");
        foreach (var directory in (string[])[Images, SandboxRecords, ContainerRecords, Namespaces, SharedMemory, Bundles, Exits, OciRuntime])
        {
            Directory.CreateDirectory(directory);
            // Images hold set-user-id programs, bundles secrets: nothing for other users of the machine.
            PosixFile.SetMode(directory, 0x1C0); // 0700
        }
    }

    public string Images { get; }

    public string SandboxRecords { get; }

    public string ContainerRecords { get; }

    public string Namespaces { get; }

    public string SharedMemory { get; }

    public string Bundles { get; }

    public string Exits { get; }

    public string OciRuntime { get; }

    public string Sandbox(string id) => Path.Combine(SandboxRecords, id);

    public string Container(string id) => Path.Combine(ContainerRecords, id);

    public string Bundle(string id) => Path.Combine(Bundles, id);

    public string Namespace(string sandboxId, string type) => Path.Combine(Namespaces, sandboxId, type);

    public string Shm(string sandboxId) => Path.Combine(SharedMemory, sandboxId);

    public string ExitFile(string id) => Path.Combine(Exits, id);

    public void Save(SandboxRecord record, PodSandboxConfig? config = null) =>
        Save(Sandbox(record.Id), JsonSerializer.SerializeToUtf8Bytes(record, RuntimeRecordJson.Default.SandboxRecord), config);

    public void Save(ContainerRecord record, ContainerConfig? config = null) =>
        Save(Container(record.Id), JsonSerializer.SerializeToUtf8Bytes(record, RuntimeRecordJson.Default.ContainerRecord), config);

    public IEnumerable<(SandboxRecord Record, PodSandboxConfig Config)> LoadSandboxes() =>
        Load(SandboxRecords, RuntimeRecordJson.Default.SandboxRecord, PodSandboxConfig.Parser);

    public IEnumerable<(ContainerRecord Record, ContainerConfig Config)> LoadContainers() =>
        Load(ContainerRecords, RuntimeRecordJson.Default.ContainerRecord, ContainerConfig.Parser);

    /// <summary>Deletes a directory with all in it, if it is there.</summary>
    public static void Delete(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    private static void Save(string directory, byte[] record, IMessage? config)
    {
        if (config is not null)
        {
            Directory.CreateDirectory(directory);
            Replace(Path.Combine(directory, ConfigFile), config.ToByteArray());
        }
        Replace(Path.Combine(directory, RecordFile), record);
    }

    private static void Replace(string path, byte[] content)
    {
        File.WriteAllBytes(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>A directory without its record is what a crash left of a creation that nobody was told of: it goes.</summary>
    private static IEnumerable<(TRecord Record, TConfig Config)> Load<TRecord, TConfig>(
        string parent, System.Text.Json.Serialization.Metadata.JsonTypeInfo<TRecord> type, MessageParser<TConfig> parser)
        where TConfig : IMessage<TConfig>
    {
        foreach (var directory in Directory.GetDirectories(parent))
        {
            var record = Path.Combine(directory, RecordFile);
            if (!File.Exists(record))
            {
                Delete(directory);
                continue;
            }
            yield return (JsonSerializer.Deserialize(File.ReadAllBytes(record), type)!, parser.ParseFrom(File.ReadAllBytes(Path.Combine(directory, ConfigFile))));
        }
    }
}
