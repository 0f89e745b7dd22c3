using System.Text;

namespace ActorKube.Cli.Create;

/// <summary>The data of a ConfigMap or Secret from literals, files, folders and files of variables.</summary>
internal static class KeyValueFiles
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Keys and values, in the order they were said. Throws <see cref="CliException"/> where something is wrong or said twice.</summary>
    public static IReadOnlyDictionary<string, byte[]> Read(IEnumerable<string> literals, IEnumerable<string> files, IEnumerable<string> variables)
    {
        var data = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, value) in files.SelectMany(OfFile).Concat(literals.Select(OfLiteral)).Concat(variables.SelectMany(OfVariables)))
        {
            if (!IsKey(key))
                throw new CliException($"\"{key}\" is not a valid key name: a valid config key must consist of alphanumeric characters, '-', '_' or '.'");
            if (!data.TryAdd(key, value))
                throw new CliException($"cannot add key \"{key}\", another key by that name already exists in Data");
        }

        return data;
    }

    /// <summary>The value as text, or null where its bytes are none.</summary>
    public static string? Text(byte[] value)
    {
        try
        {
            return Strict.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static KeyValuePair<string, byte[]> OfLiteral(string literal) => literal.Split('=', 2) is [{ Length: > 0 } key, var value]
        ? KeyValuePair.Create(key, Encoding.UTF8.GetBytes(value is ['"', .., '"'] or ['\'', .., '\''] ? value[1..^1] : value))
        : throw new CliException($"invalid literal source {literal}, expected key=value");

    private static IEnumerable<KeyValuePair<string, byte[]>> OfFile(string source)
    {
        var (key, file) = source.Split('=', 2) is [var name, var path] ? (name, path) : ("", source);
        if (key.Length == 0 && source.Contains('='))
            throw new CliException($"key name for file path {file} missing");
        if (Directory.Exists(file))
        {
            if (key.Length > 0)
                throw new CliException("cannot give a key name for a directory path");
            return Directory.EnumerateFiles(file).Where(f => IsKey(Path.GetFileName(f))).Select(f => KeyValuePair.Create(Path.GetFileName(f), File.ReadAllBytes(f)));
        }

        return File.Exists(file)
            ? [KeyValuePair.Create(key.Length > 0 ? key : Path.GetFileName(file), File.ReadAllBytes(file))]
            : throw new CliException($"error reading {file}: no such file or directory");
    }

    private static IEnumerable<KeyValuePair<string, byte[]>> OfVariables(string file)
    {
        if (!File.Exists(file))
            throw new CliException($"error reading {file}: no such file or directory");
        foreach (var line in File.ReadLines(file).Select(l => l.TrimStart()).Where(l => l.Length > 0 && l[0] != '#'))
        {
            // A name alone takes the value that the variable has here; one that is not set is left out.
            var value = line.Split('=', 2) is [_, var said] ? said : Environment.GetEnvironmentVariable(line);
            if (value is not null)
                yield return KeyValuePair.Create(line.Split('=', 2)[0], Encoding.UTF8.GetBytes(value));
        }
    }

    private static bool IsKey(string key) => key.Length is > 0 and <= 253 && key is not ("." or "..") && !key.StartsWith("..", StringComparison.Ordinal) && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
