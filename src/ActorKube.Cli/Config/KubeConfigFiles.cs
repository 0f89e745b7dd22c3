using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Client.Kubeconfigs;

namespace ActorKube.Cli.Config;

/// <summary>
/// The kubeconfig files as they are, with whatever else stands in them: what akctl does not know, it neither shows wrongly nor loses when it
/// writes the file again.
/// </summary>
internal sealed class KubeConfigFiles
{
    private static readonly string[] Lists = ["clusters", "contexts", "users"];

    private readonly List<(string File, JsonObject Json)> _files;

    private KubeConfigFiles(List<(string, JsonObject)> files) => _files = files;

    /// <summary>The file that was named, or those of <c>KUBECONFIG</c>, or <c>~/.kube/config</c>; one that is not there is empty.</summary>
    public static KubeConfigFiles Load(ParseResult parsed)
    {
        var named = parsed.GetValue(GlobalOptions.KubeConfig);
        var files = string.IsNullOrEmpty(named)
            ? KubeConfigLoader.DefaultFiles(Environment.GetEnvironmentVariable("KUBECONFIG"), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile))
            : [named];
        return new([.. files.Select(f => (f, Read(f)))]);
    }

    /// <summary>The name of the current context; empty where none is chosen.</summary>
    public string CurrentContext => _files.Select(f => f.Json.Text("current-context")).FirstOrDefault(c => c.Length > 0, "");

    /// <summary>All files as one; the first to name something wins.</summary>
    public JsonObject Merged()
    {
        var merged = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Config", ["current-context"] = CurrentContext };
        foreach (var list in Lists)
            merged[list] = new JsonArray([.. Entries(list).Select(e => e.DeepClone())]);
        return merged;
    }

    /// <summary>The entries of a list, by name.</summary>
    public IReadOnlyList<JsonNode> Entries(string list) => [.. _files.SelectMany(f => f.Json.List(list)).DistinctBy(e => e.Text("name"))];

    /// <summary>Chooses the current context.</summary>
    public void Use(string context)
    {
        var (_, json) = _files.Find(f => f.Json.Text("current-context").Length > 0) is { File: not null } holder ? holder : Default();
        json["current-context"] = context;
        Write(json);
    }

    /// <summary>Changes the entry of that name, or makes one.</summary>
    public void Change(string list, string name, Action<JsonObject> change)
    {
        var field = list[..^1];
        var entry = Find(list, name);
        var json = entry is null ? Default().Json : _files.First(f => f.Json.List(list).Contains(entry)).Json;
        if (entry is null)
        {
            if (json[list] is not JsonArray entries)
                json[list] = entries = [];
            entries.Add(entry = new JsonObject { ["name"] = name, [field] = new JsonObject() });
        }

        if (entry[field] is not JsonObject body)
            entry[field] = body = [];
        change(body);
        Write(json);
    }

    /// <summary>Gives the entry another name.</summary>
    public void Rename(string list, string name, string to)
    {
        var entry = Find(list, name)!;
        entry["name"] = to;
        Write(_files.First(f => f.Json.List(list).Contains(entry)).Json);
    }

    /// <summary>Removes the entry, and returns the file it stood in.</summary>
    public string Remove(string list, string name)
    {
        var entry = Find(list, name)!;
        var (file, json) = _files.First(f => f.Json.List(list).Contains(entry));
        ((JsonArray)json[list]!).Remove(entry);
        Write(json);
        return file;
    }

    /// <summary>The entry of that name, or null.</summary>
    public JsonObject? Find(string list, string name) => _files.SelectMany(f => f.Json.List(list)).FirstOrDefault(e => e.Text("name") == name) as JsonObject;

    private static JsonObject Read(string file)
    {
        if (!File.Exists(file))
            return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Config" };
        if (!YamlJson.TryConvert(File.ReadAllBytes(file), out var json, out _, out var error))
            throw new CliException($"error loading config file \"{file}\": {error}");
        return JsonNode.Parse(json) as JsonObject ?? new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Config" };
    }

    // Something new goes into the first file there is.
    private (string File, JsonObject Json) Default() => _files.Find(f => File.Exists(f.File)) is { File: not null } existing ? existing : _files[^1];

    // Only its owner can read it, and whoever reads it meanwhile sees the old or the new content, never half.
    private void Write(JsonObject json)
    {
        var file = Path.GetFullPath(_files.First(f => ReferenceEquals(f.Json, json)).File);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var temporary = $"{file}.{Environment.ProcessId}.tmp";
        using (var writer = new StreamWriter(temporary, new UTF8Encoding(false), options))
            writer.Write(YamlText.Of(json));
        File.Move(temporary, file, overwrite: true);
    }
}
