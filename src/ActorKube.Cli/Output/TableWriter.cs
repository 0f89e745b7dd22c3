namespace ActorKube.Cli.Output;

/// <summary>Columns padded to their widest cell, three spaces apart, as kubectl prints them.</summary>
internal static class TableWriter
{
    /// <summary>The lines of a table, headings first.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = headings.Select((h, i) => Math.Max(h.Length, rows.Select(r => r[i].Length).DefaultIfEmpty(0).Max())).ToArray();
        return rows.Prepend(headings).Select(row => string.Join("   ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }

    public static void Write(TextWriter output, IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        foreach (var line in Lines(headings, rows))
            output.WriteLine(line);
    }
}
