using System.Globalization;
using System.Text.RegularExpressions;
using ActorKube.Api.Machinery;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace ActorKube.Host.Configuration;

/// <summary>
/// Finds keys that no <c>reference.conf</c> knows, and values of another shape than the reference's: a word where a number stands,
/// text where a duration stands. An empty object <c>{}</c> in the reference takes any keys. Keys of Akka itself (<c>akka.…</c>) are Akka's to judge.
/// </summary>
public static partial class ConfigurationCheck
{
    /// <summary>Throws <see cref="ConfigurationException"/> at the first key that is wrong.</summary>
    /// <param name="config">One source.</param>
    /// <param name="reference">Everything that may be set, with its default.</param>
    /// <param name="source">The source's name for the error.</param>
    public static void Check(Config config, Config reference, string source)
    {
        if (config.IsEmpty)
            return;
        foreach (var (key, value) in config.Root.GetObject().Items)
        {
            if (key == "akka")
                continue;
            if (key != "actorkube")
                throw new ConfigurationException($"{source}: unknown key '{key}'{Suggest(key, ["actorkube", "akka"])}");
            Compare(value, reference.GetValue(key), key, source);
        }
    }

    private static void Compare(HoconValue value, HoconValue? reference, string path, string source)
    {
        if (!value.IsObject())
        {
            CheckShape(value, reference!, path, source);
            return;
        }

        if (!reference!.IsObject())
            throw new ConfigurationException($"{source}: {path} is a value, not a section");
        var known = reference.GetObject().Items;
        if (known.Count == 0)
            return;
        foreach (var (key, child) in value.GetObject().Items)
        {
            if (!known.TryGetValue(key, out var expected))
                throw new ConfigurationException($"{source}: unknown key '{path}.{key}'{Suggest(key, known.Keys)}");
            Compare(child, expected, $"{path}.{key}", source);
        }
    }

    private static void CheckShape(HoconValue value, HoconValue reference, string path, string source)
    {
        if (reference.IsObject())
            throw new ConfigurationException($"{source}: {path} is a section, not a value");
        var list = IsList(reference);
        if (list != IsList(value))
            throw new ConfigurationException($"{source}: {path}: expected {(list ? "a list, such as [\"a\", \"b\"]" : "one value")}");
        if (list)
            return;

        var (model, given) = (reference.GetString() ?? "", value.GetString() ?? "");
        var expected =
            IsBoolean(model) ? (IsBoolean(given) ? null : "on or off") :
            IsNumber(model) ? (IsNumber(given) ? null : "a number") :
            DurationPattern().IsMatch(model) ? (DurationPattern().IsMatch(given) || given == "infinite" ? null : "a duration, such as 10s") :
            SizePattern().IsMatch(model) ? (SizePattern().IsMatch(given) || IsNumber(given) ? null : "a size, such as 64 MiB") :
            null;
        if (expected is not null)
            throw new ConfigurationException($"{source}: {path}: '{given}' is not {expected}");
    }

    // HoconValue.IsArray is false for an empty list.
    private static bool IsList(HoconValue value) => value.Values.Any(v => v is HoconArray);

    private static bool IsBoolean(string text) => text is "true" or "false" or "on" or "off" or "yes" or "no";

    private static bool IsNumber(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static string Suggest(string key, IEnumerable<string> known)
    {
        var best = known.Select(k => (Key: k, Distance: EditDistance.Of(key, k))).OrderBy(k => k.Distance).FirstOrDefault();
        return best.Key is not null && best.Distance <= Math.Max(2, key.Length / 3) ? $"; did you mean '{best.Key}'?" : "";
    }

    [GeneratedRegex(@"^\d+(\.\d+)?\s*(ms|milliseconds?|s|seconds?|m|minutes?|h|hours?|d|days?)$")]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^\d+(\.\d+)?\s*([KMGT]i?B?|[kmgt]b?)$")]
    private static partial Regex SizePattern();
}
