using System.Text;

namespace ActorKube.Cli.Output;

/// <summary>
/// Rows in aligned columns, as <c>kubectl get</c> prints them. What is added later, as by a watch, keeps the widths of what came before,
/// so that the columns stay where they are.
/// </summary>
internal sealed class TableWriter
{
    private const int Gap = 3;
    private const int MinWidth = 6;

    private readonly List<int> _widths = [];

    /// <summary>The lines of a whole table.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows) => new TableWriter().Add([headings, .. rows]);

    /// <summary>The lines of further rows; the widths of the columns never shrink.</summary>
    public IEnumerable<string> Add(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        foreach (var row in rows)
        {
            while (_widths.Count < row.Count)
                _widths.Add(MinWidth);
            // The last cell of a row needs no room.
            for (var i = 0; i < row.Count - 1; i++)
                _widths[i] = Math.Max(_widths[i], Length(row[i]) + Gap);
        }

        return rows.Select(Line);
    }

    private string Line(IReadOnlyList<string> row)
    {
        var line = new StringBuilder();
        for (var i = 0; i < row.Count; i++)
        {
            line.Append(row[i]);
            if (i < row.Count - 1)
                line.Append(' ', _widths[i] - Length(row[i]));
        }

        return line.ToString();
    }

    private static int Length(string cell)
    {
        var length = 0;
        foreach (var _ in cell.EnumerateRunes())
            length++;
        return length;
    }
}
