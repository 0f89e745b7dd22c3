using System.Diagnostics;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>What a program printed and how it ended.</summary>
internal sealed record Output(int ExitCode, string Out, string Error)
{
    /// <summary>Standard output of a program that must succeed.</summary>
    public string Must() => ExitCode == 0 ? Out : throw new InvalidOperationException($"exit code {ExitCode}\n{Out}\n{Error}");
}

/// <summary>Runs programs.</summary>
internal static class Command
{
    public static async Task<Output> RunAsync(string program, IEnumerable<string> arguments, string? input = null, TimeSpan? timeout = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(timeout ?? TimeSpan.FromMinutes(2));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            if (input is not null)
                await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new Output(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end in time");
        }
    }

    /// <summary>Asks until the condition holds; fails with what was seen last.</summary>
    public static async Task<T> EventuallyAsync<T>(Func<Task<T>> ask, Func<T, bool> condition, TimeSpan? within = null, string because = "")
    {
        var clock = Stopwatch.StartNew();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var seen = await ask();
            if (condition(seen))
                return seen;
            if (clock.Elapsed > (within ?? TimeSpan.FromSeconds(60)))
                throw new TimeoutException($"{because} did not come true within {clock.Elapsed.TotalSeconds:0} s; last seen: {seen}");
            await pause.WaitForNextTickAsync();
        }
    }
}
