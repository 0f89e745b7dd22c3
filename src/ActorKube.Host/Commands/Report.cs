using Spectre.Console;

namespace ActorKube.Host.Commands;

/// <summary>What a process tells the person who started it.</summary>
internal static class Report
{
    /// <summary>One line.</summary>
    public static void Line(string text) => Console.WriteLine(text);

    /// <summary>The headline and what goes with it, a line each, so that a path can be copied whole.</summary>
    public static void Ready(string headline, params (string Name, string Value)[] facts)
    {
        AnsiConsole.MarkupLineInterpolated($"[green]{headline}[/]");
        var width = facts.Max(f => f.Name.Length) + 2;
        foreach (var (name, value) in facts)
            Console.WriteLine($"  {name.PadRight(width)}{value}");
    }
}
