using System.Globalization;

namespace ActorKube.ControllerManager.Jobs;

/// <summary>Completion indexes as a Job's status writes them: <c>1,3-5,7</c>.</summary>
internal static class Indexes
{
    /// <summary>Reads a list; what is not below <paramref name="limit"/> is left out.</summary>
    public static SortedSet<int> Parse(string? text, int limit)
    {
        var indexes = new SortedSet<int>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            var (from, to) = (int.Parse(ends[0], CultureInfo.InvariantCulture), int.Parse(ends[^1], CultureInfo.InvariantCulture));
            for (var i = from; i <= Math.Min(to, limit - 1); i++)
                indexes.Add(i);
        }

        return indexes;
    }

    /// <summary>Writes a list; three and more in a row as a range, as two are.</summary>
    public static string Format(IEnumerable<int> indexes)
    {
        var parts = new List<string>();
        int? first = null, last = null;
        foreach (var i in indexes.Order().Append(int.MaxValue))
        {
            if (last is { } l && i == l + 1)
            {
                last = i;
                continue;
            }

            if (first is { } f)
                parts.Add(f == last ? $"{f}" : $"{f}-{last}");
            (first, last) = (i, i);
        }

        return string.Join(',', parts);
    }
}
