using System.Text;

namespace ActorKube.Cli.Output;

/// <summary>
/// Aligns tab-separated cells. A column is a run of lines that all have a cell there; what follows a line's last tab belongs to no column.
/// So paragraphs of one text find their own widths. kubectl prints by the same rules.
/// </summary>
internal static class TabText
{
    /// <summary>Between the columns of descriptions and histories.</summary>
    public const int Gap = 2;

    /// <summary>The text with spaces for tabs.</summary>
    /// <param name="text">Lines that end with a line feed.</param>
    /// <param name="gap">Blanks after the widest cell of a column.</param>
    /// <param name="minWidth">A column is at least so wide, its gap included.</param>
    public static string Align(string text, int gap = Gap, int minWidth = 0)
    {
        var lines = text.Split('\n').Select(line => line.Split('\t')).ToArray();
        var output = new StringBuilder();
        Block(lines, 0, lines.Length, [], output, gap, minWidth);
        return output.Remove(output.Length - 1, 1).ToString();
    }

    // The lines from..to share the columns whose widths are known; finds the next column's blocks among them, and within those the next.
    private static void Block(string[][] lines, int from, int to, List<int> widths, StringBuilder output, int gap, int minWidth)
    {
        var column = widths.Count;
        var printed = from;
        for (var at = from; at < to; at++)
        {
            if (column >= lines[at].Length - 1)
                continue;
            Print(lines, printed, at, widths, output);
            var end = at;
            var width = minWidth;
            for (; end < to && column < lines[end].Length - 1; end++)
                width = Math.Max(width, Length(lines[end][column]) + gap);
            widths.Add(width);
            Block(lines, at, end, widths, output, gap, minWidth);
            widths.RemoveAt(column);
            printed = end;
            at = end - 1;
        }

        Print(lines, printed, to, widths, output);
    }

    private static void Print(string[][] lines, int from, int to, List<int> widths, StringBuilder output)
    {
        for (var at = from; at < to; at++)
        {
            var cells = lines[at];
            for (var i = 0; i < cells.Length; i++)
            {
                output.Append(cells[i]);
                if (i < widths.Count && i < cells.Length - 1)
                    output.Append(' ', widths[i] - Length(cells[i]));
            }

            output.Append('\n');
        }
    }

    private static int Length(string cell)
    {
        var length = 0;
        foreach (var _ in cell.EnumerateRunes())
            length++;
        return length;
    }
}
