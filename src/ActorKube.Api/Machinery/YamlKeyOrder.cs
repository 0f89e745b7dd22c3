using System.Text;

namespace ActorKube.Api.Machinery;

/// <summary>The order in which kubectl's YAML lists keys: letters after everything else, and numbers within a key by their value (<c>a2</c> before <c>a10</c>).</summary>
public sealed class YamlKeyOrder : IComparer<string>
{
    private YamlKeyOrder()
    {
    }

    /// <summary>The order.</summary>
    public static YamlKeyOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        Rune[] a = [.. (x ?? "").EnumerateRunes()], b = [.. (y ?? "").EnumerateRunes()];
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            if (a[i] == b[i])
                continue;
            var (letterA, letterB) = (Rune.IsLetter(a[i]), Rune.IsLetter(b[i]));
            if (letterA && letterB)
                return a[i].CompareTo(b[i]);
            if (letterA || letterB)
                return letterB ? -1 : 1;
            return CompareNumbers(a, b, i);
        }

        return a.Length.CompareTo(b.Length);
    }

    // Both keys are alike up to i. Where a number goes on there, the longer or greater one is last.
    private static int CompareNumbers(Rune[] a, Rune[] b, int i)
    {
        var seed = 0L;
        if (a[i].Value == '0' || b[i].Value == '0')
        {
            for (var j = i - 1; j >= 0 && Rune.IsDigit(a[j]); j--)
            {
                if (a[j].Value != '0')
                {
                    seed = 1;
                    break;
                }
            }
        }

        var (numberA, endA) = NumberAt(a, i, seed);
        var (numberB, endB) = NumberAt(b, i, seed);
        return numberA != numberB ? numberA.CompareTo(numberB) : endA != endB ? endA.CompareTo(endB) : a[i].CompareTo(b[i]);
    }

    private static (long Value, int End) NumberAt(Rune[] text, int at, long seed)
    {
        for (; at < text.Length && Rune.IsDigit(text[at]); at++)
            seed = unchecked(seed * 10 + (text[at].Value - '0'));
        return (seed, at);
    }
}
