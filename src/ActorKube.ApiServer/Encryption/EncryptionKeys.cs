using System.Security.Cryptography;
using Akka.Configuration;

namespace ActorKube.ApiServer.Encryption;

/// <summary>A key of AES-GCM with the name under which stored objects refer to it.</summary>
/// <param name="Name">Letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</param>
/// <param name="Secret">16, 24 or 32 bytes.</param>
internal sealed record EncryptionKey(string Name, byte[] Secret);

/// <summary>The file of keys: one <c>name:base64</c> a line, the first one encrypts, all decrypt. Lines that start with <c>#</c> are comments.</summary>
internal static class EncryptionKeys
{
    /// <summary>
    /// The keys of the file. A missing file is made with one random key when <paramref name="needed"/>, and means no keys otherwise.
    /// Throws <see cref="ConfigurationException"/> naming file and line, never the key.
    /// </summary>
    public static IReadOnlyList<EncryptionKey> Open(string file, bool needed)
    {
        if (!File.Exists(file))
        {
            if (!needed)
            {
                return [];
            }

            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var writer = new StreamWriter(file, options);
            writer.WriteLine("# name:key. The first key encrypts, all decrypt. Whoever loses this file loses what was encrypted with it.");
            writer.WriteLine($"key1:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}");
        }

        var keys = Parse(File.ReadAllLines(file), file);
        return keys.Count > 0 || !needed ? keys : throw new ConfigurationException($"actorkube.apiserver.encryption.key-file: {file} holds no key");
    }

    /// <summary>The keys of the file's lines.</summary>
    public static IReadOnlyList<EncryptionKey> Parse(IReadOnlyList<string> lines, string file)
    {
        var keys = new List<EncryptionKey>();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var at = line.IndexOf(':', StringComparison.Ordinal);
            var name = at < 0 ? "" : line[..at];
            var secret = new byte[64];
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                throw Wrong("is not name:key");
            }

            if (!Convert.TryFromBase64String(line[(at + 1)..].Trim(), secret, out var length) || length is not (16 or 24 or 32))
            {
                throw Wrong("has no key of 16, 24 or 32 bytes in base64");
            }

            if (keys.Any(k => k.Name == name))
            {
                throw Wrong($"names the key {name} a second time");
            }

            keys.Add(new EncryptionKey(name, secret[..length]));

            ConfigurationException Wrong(string what) => new($"actorkube.apiserver.encryption.key-file: {file}: line {i + 1} {what}");
        }

        return keys;
    }
}
