using System.Text.Json;
using System.Text.Json.Serialization;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using Google.Protobuf;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>What is kept of a pod sandbox: nothing runs for it, so its record is all there is.</summary>
internal sealed record SandboxRecord(PodSandboxConfig Config, PodSandboxStatus Status);

/// <summary>What is kept of a container.</summary>
/// <param name="PodSandboxId">Its sandbox.</param>
/// <param name="Config">What it was created from.</param>
/// <param name="Image">What its image says; the image may be removed while the container is there.</param>
/// <param name="Status">Its state.</param>
/// <param name="ProcessId">Its process while it runs, else 0.</param>
/// <param name="ProcessStart">When that process started, in Unix milliseconds: the number alone may be another's by now.</param>
internal sealed record ContainerRecord(
    string PodSandboxId, ContainerConfig Config, OciProcessConfig Image, ContainerStatus Status, int ProcessId = 0, long ProcessStart = 0);

/// <summary>
/// The records on disk, a directory per sandbox and container. Each is written aside and renamed, so that a kill at any
/// moment leaves the old one or the new one.
/// </summary>
internal sealed partial class ProcessRecords(string root)
{
    private const string FileName = "record.json";
    private readonly string _sandboxes = Path.Combine(root, "sandboxes");
    private readonly string _containers = Path.Combine(root, "containers");

    /// <summary>A container's directory.</summary>
    public string ContainerDirectory(string id) => Path.Combine(_containers, id);

    /// <summary>All sandboxes.</summary>
    public IEnumerable<SandboxRecord> Sandboxes() => Load(_sandboxes).Select(stored =>
        new SandboxRecord(PodSandboxConfig.Parser.ParseFrom(stored.Config), PodSandboxStatus.Parser.ParseFrom(stored.Status)));

    /// <summary>All containers.</summary>
    public IEnumerable<ContainerRecord> Containers() => Load(_containers).Select(stored => new ContainerRecord(
        stored.PodSandboxId, ContainerConfig.Parser.ParseFrom(stored.Config), stored.Image ?? new OciProcessConfig(), ContainerStatus.Parser.ParseFrom(stored.Status), stored.ProcessId, stored.ProcessStart));

    /// <summary>Keeps a sandbox's record.</summary>
    public void Save(SandboxRecord record) =>
        Save(_sandboxes, record.Status.Id, new Stored(record.Status.Id, record.Config.ToByteArray(), null, record.Status.ToByteArray(), 0, 0));

    /// <summary>Keeps a container's record.</summary>
    public void Save(ContainerRecord record) =>
        Save(_containers, record.Status.Id, new Stored(
            record.PodSandboxId, record.Config.ToByteArray(), record.Image, record.Status.ToByteArray(), record.ProcessId, record.ProcessStart));

    /// <summary>Forgets a sandbox.</summary>
    public void DeleteSandbox(string id) => Delete(Path.Combine(_sandboxes, id));

    /// <summary>Forgets a container, its files included.</summary>
    public void DeleteContainer(string id) => Delete(Path.Combine(_containers, id));

    private static IEnumerable<Stored> Load(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (var entry in Directory.GetDirectories(directory))
        {
            var file = Path.Combine(entry, FileName);
            if (File.Exists(file))
            {
                yield return JsonSerializer.Deserialize(File.ReadAllBytes(file), Json.Default.Stored)!;
            }
            else
            {
                // Its creation, or its removal, was cut off.
                Delete(entry);
            }
        }
    }

    private static void Save(string directory, string id, Stored stored)
    {
        var entry = Path.Combine(directory, id);
        Directory.CreateDirectory(entry);
        var file = Path.Combine(entry, FileName);
        File.WriteAllBytes(file + ".new", JsonSerializer.SerializeToUtf8Bytes(stored, Json.Default.Stored));
        File.Move(file + ".new", file, overwrite: true);
    }

    private static void Delete(string entry)
    {
        if (Directory.Exists(entry))
        {
            // The record first: without it the rest is rubbish that the next start clears away.
            File.Delete(Path.Combine(entry, FileName));
            Directory.Delete(entry, recursive: true);
        }
    }

    private sealed record Stored(string PodSandboxId, byte[] Config, OciProcessConfig? Image, byte[] Status, int ProcessId, long ProcessStart);

    [JsonSerializable(typeof(Stored))]
    private sealed partial class Json : JsonSerializerContext;
}
