using System.Collections;
using System.Reflection;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace ActorKube.Host.Configuration;

/// <summary>
/// Puts the configuration of a process together. From weakest to strongest: the <c>reference.conf</c> embedded in each component,
/// the file given with <c>--config</c> (with its includes), environment variables <c>ACTORKUBE__section__key</c>, and <c>--set key=value</c>.
/// Each source is checked against the reference by itself, so that an error can say where the wrong key stands.
/// </summary>
public static class ConfigurationLoader
{
    private const string EnvironmentPrefix = "ACTORKUBE__";

    /// <summary>Loads and checks. Throws <see cref="ConfigurationException"/>.</summary>
    /// <param name="references">The components' reference configurations, see <see cref="ReferenceOf"/>.</param>
    /// <param name="file">Path of a HOCON file, or null.</param>
    /// <param name="environment">Environment variables by name.</param>
    /// <param name="settings"><c>key=value</c> texts of the command line, later ones win.</param>
    /// <param name="derive">Defaults that follow from other settings, such as folders below the data folder; stronger than the reference alone.</param>
    public static Config Load(IEnumerable<Config> references, string? file, IDictionary environment, IEnumerable<string> settings, Func<Config, Config>? derive = null)
    {
        var reference = references.Aggregate(Config.Empty, (all, one) => one.WithFallback(all));
        var config = Config.Empty;
        if (file is not null)
            config = Checked(ReadFile(file), reference, file);
        config = Checked(FromEnvironment(environment), reference, "the environment").WithFallback(config);
        foreach (var setting in settings)
            config = Checked(FromSetting(setting), reference, $"--set {setting}").WithFallback(config);
        var whole = config.WithFallback(reference);
        return derive is null ? whole : config.WithFallback(derive(whole)).WithFallback(reference);
    }

    /// <summary>The <c>reference.conf</c> embedded in an assembly.</summary>
    public static Config ReferenceOf(Assembly assembly)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream($"ActorKube.{assembly.GetName().Name!.Split('.')[^1]}.reference.conf")
            ?? assembly.GetManifestResourceStream("ActorKube.Host.reference.conf")!);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }

    private static Config Checked(Config config, Config reference, string source)
    {
        ConfigurationCheck.Check(config, reference, source);
        return config;
    }

    private static Config ReadFile(string path)
    {
        var text = ReadText(path, "--config");
        try
        {
            return ConfigurationFactory.ParseString(text, include => Parser.Parse(ReadText(Resolve(path, include), path), null));
        }
        catch (Exception e) when (e is not ConfigurationException) // whatever the parser tripped over is the file's fault
        {
            throw new ConfigurationException($"{path}: {e.Message}", e);
        }
    }

    private static string ReadText(string path, string askedBy)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path} (named by {askedBy}): {e.Message}", e);
        }
    }

    private static string Resolve(string path, string include) =>
        Path.IsPathRooted(include) ? include : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, include);

    private static Config FromEnvironment(IDictionary environment)
    {
        var lines = environment.Cast<DictionaryEntry>()
            .Select(e => (Name: (string)e.Key, Value: (string?)e.Value ?? ""))
            .Where(e => e.Name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            .OrderBy(e => e.Name, StringComparer.Ordinal)
            .Select(e => Line("actorkube." + e.Name[EnvironmentPrefix.Length..].Replace("__", ".").ToLowerInvariant(), e.Value));
        return ConfigurationFactory.ParseString(string.Join('\n', lines));
    }

    private static Config FromSetting(string setting)
    {
        var equals = setting.IndexOf('=');
        if (equals <= 0)
            throw new ConfigurationException($"--set {setting}: expected key=value");
        return ConfigurationFactory.ParseString(Line(setting[..equals].Trim(), setting[(equals + 1)..].Trim()));
    }

    // Lists, objects and quoted text are HOCON already; anything else is a scalar, quoted so that "//" and ":" in it stay text.
    private static string Line(string key, string value) => value.Length > 0 && value[0] is '[' or '{' or '"'
        ? $"{key} = {value}"
        : $"{key} = \"{value.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";
}
