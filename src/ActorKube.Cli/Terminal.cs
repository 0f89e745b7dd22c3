using System.Diagnostics;

namespace ActorKube.Cli;

/// <summary>Puts the terminal into raw mode, so that each key goes to the container, and back again.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly string _saved;

    private Terminal(string saved) => _saved = saved;

    /// <summary>Raw mode until disposed; null where standard input is no terminal.</summary>
    public static Terminal? Raw()
    {
        if (Console.IsInputRedirected || OperatingSystem.IsWindows())
            return null;
        var saved = Stty("-g").Trim();
        Stty("raw", "-echo");
        return new Terminal(saved);
    }

    public void Dispose() => Stty(_saved);

    private static string Stty(params string[] arguments)
    {
        // stty works on its standard input, which it inherits from us.
        using var process = Process.Start(new ProcessStartInfo("stty", arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
