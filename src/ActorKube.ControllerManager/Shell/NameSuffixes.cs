using System.Globalization;

namespace ActorKube.ControllerManager.Shell;

/// <summary>
/// Endings for generated names, from letters and digits that spell no words and are not mistaken for each other. Seeded, so that a run can be repeated.
/// </summary>
public sealed class NameSuffixes(int seed)
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    private readonly Random _random = new(seed);

    /// <summary>Five characters by chance, such as <c>x7k2p</c>.</summary>
    public string Next() => string.Create(5, _random, static (span, random) =>
    {
        for (var i = 0; i < span.Length; i++)
            span[i] = Alphabet[random.Next(Alphabet.Length)];
    });

    /// <summary>A name that starts with <paramref name="prefix"/>, shortened where the whole would be longer than a name may be.</summary>
    public string Name(string prefix) => (prefix.Length > 58 ? prefix[..58] : prefix) + Next();

    /// <summary>A hash in the same alphabet: its decimal digits, each as one character. 3,059,912,843 gives ten characters.</summary>
    public static string Encode(uint hash) =>
        string.Concat(hash.ToString(CultureInfo.InvariantCulture).Select(digit => Alphabet[digit % Alphabet.Length]));
}
