using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;

namespace ActorKube.Client.Kubeconfigs;

/// <summary>Reads, merges and writes kubeconfig files.</summary>
public static class KubeConfigLoader
{
    /// <summary>
    /// The files that hold when none is named: those in <c>KUBECONFIG</c>, which is a list like <c>PATH</c>, else <c>~/.kube/config</c>.
    /// </summary>
    /// <param name="kubeconfigVariable">The variable's value, or null.</param>
    /// <param name="home">The home folder.</param>
    public static IReadOnlyList<string> DefaultFiles(string? kubeconfigVariable, string home) => string.IsNullOrWhiteSpace(kubeconfigVariable)
        ? [Path.Combine(home, ".kube", "config")]
        : [.. kubeconfigVariable.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    /// <summary>The file named by a flag, or the default files merged.</summary>
    /// <param name="explicitFile">The <c>--kubeconfig</c> flag; such a file must exist.</param>
    public static KubeConfig LoadDefault(string? explicitFile = null)
    {
        if (!string.IsNullOrEmpty(explicitFile))
            return Read(explicitFile);
        var files = DefaultFiles(Environment.GetEnvironmentVariable("KUBECONFIG"), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));
        return Merge(files.Where(File.Exists).Select(Read));
    }

    /// <summary>Reads one file; paths in it become absolute. Throws <see cref="KubeConfigException"/> naming the file.</summary>
    public static KubeConfig Read(string file)
    {
        try
        {
            var config = Parse(File.ReadAllText(file));
            var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
            foreach (var named in config.Clusters)
                named.Cluster.CertificateAuthority = Absolute(folder, named.Cluster.CertificateAuthority);
            foreach (var named in config.Users)
            {
                named.User.ClientCertificate = Absolute(folder, named.User.ClientCertificate);
                named.User.ClientKey = Absolute(folder, named.User.ClientKey);
                named.User.TokenFile = Absolute(folder, named.User.TokenFile);
            }

            return config;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException($"{file}: {e.Message}", e);
        }
    }

    /// <summary>Reads the YAML (or JSON) text. Throws <see cref="FormatException"/>.</summary>
    public static KubeConfig Parse(string yaml) => KubeConfigJson.Read(JsonNode.Parse(YamlJson.Convert(Encoding.UTF8.GetBytes(yaml))));

    /// <summary>The first file to say something wins, for each name and for the current context.</summary>
    public static KubeConfig Merge(IEnumerable<KubeConfig> configs)
    {
        var merged = new KubeConfig();
        foreach (var config in configs)
        {
            if (merged.CurrentContext.Length == 0)
                merged.CurrentContext = config.CurrentContext;
            merged.Clusters.AddRange(config.Clusters.Where(c => merged.Clusters.All(m => m.Name != c.Name)));
            merged.Contexts.AddRange(config.Contexts.Where(c => merged.Contexts.All(m => m.Name != c.Name)));
            merged.Users.AddRange(config.Users.Where(u => merged.Users.All(m => m.Name != u.Name)));
        }

        return merged;
    }

    /// <summary>The config as YAML.</summary>
    public static string ToYaml(KubeConfig config) => YamlText.Of(KubeConfigJson.Write(config));

    /// <summary>Writes a file that only its owner can read; whoever reads it meanwhile sees the old or the new content, never half.</summary>
    public static void Write(KubeConfig config, string file)
    {
        var full = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var temporary = $"{full}.{Environment.ProcessId}.tmp";
        using (var writer = new StreamWriter(temporary, options))
            writer.Write(ToYaml(config));
        File.Move(temporary, full, overwrite: true);
    }

    private static string? Absolute(string folder, string? path) => string.IsNullOrEmpty(path) ? null : Path.GetFullPath(path, folder);
}

/// <summary>A kubeconfig cannot be read, or does not say what is needed.</summary>
public sealed class KubeConfigException(string message, Exception? inner = null) : Exception(message, inner);
