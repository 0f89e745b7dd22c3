namespace ActorKube.Api.Machinery;

/// <summary>How alike two words are, for suggesting what a typo may have meant.</summary>
public static class EditDistance
{
    /// <summary>How many letters must be changed, added or left out to make one of the other (Levenshtein distance).</summary>
    public static int Of(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[^1];
    }
}
