using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Logs;

/// <summary>The log of one container of one pod.</summary>
internal sealed record LogSource(string Pod, string? Namespace, string Container)
{
    /// <summary>What <c>--prefix</c> puts before each line.</summary>
    public string Prefix => $"[pod/{Pod}/{Container}] ";
}

/// <summary>Which lines of a log are wanted.</summary>
internal sealed record LogQuery
{
    public bool Follow { get; init; }

    public bool Previous { get; init; }

    public bool Timestamps { get; init; }

    public long? Tail { get; init; }

    public long? LimitBytes { get; init; }

    public TimeSpan? Since { get; init; }

    public string? SinceTime { get; init; }

    /// <summary>As query parameters.</summary>
    public (string, string?)[] Parameters =>
    [
        ("follow", Follow ? "true" : null), ("previous", Previous ? "true" : null), ("timestamps", Timestamps ? "true" : null),
        ("tailLines", Tail is >= 0 and { } lines ? Text(lines) : null), ("limitBytes", Text(LimitBytes)),
        ("sinceSeconds", Since is { } span && span != TimeSpan.Zero ? Text((long)Math.Max(1, Math.Round(span.TotalSeconds))) : null), ("sinceTime", SinceTime),
    ];

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Copies logs to standard output.</summary>
internal sealed record LogReader(CliSession Session, LogQuery Query, bool Prefix)
{
    private static readonly SemaphoreSlim Output = new(1);

    /// <summary>One after the other; where they are followed, all at once, line by line.</summary>
    public async Task CopyAsync(IReadOnlyList<LogSource> sources, CancellationToken cancellation)
    {
        await using var output = StandardStream.OpenOutput();
        if (Query.Follow && sources.Count > 1)
        {
            await Task.WhenAll(sources.Select(s => CopyLinesAsync(s, output, cancellation)));
            return;
        }

        foreach (var source in sources)
        {
            if (Prefix)
                await CopyLinesAsync(source, output, cancellation);
            else
                await CopyBytesAsync(source, output, cancellation);
        }
    }

    private async Task CopyBytesAsync(LogSource source, Stream output, CancellationToken cancellation)
    {
        using var response = await OpenAsync(source, cancellation);
        await response.Content.CopyToAsync(output, cancellation);
    }

    private async Task CopyLinesAsync(LogSource source, Stream output, CancellationToken cancellation)
    {
        using var response = await OpenAsync(source, cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            var bytes = Encoding.UTF8.GetBytes($"{(Prefix ? source.Prefix : "")}{line}\n");
            await Output.WaitAsync(cancellation);
            try
            {
                await output.WriteAsync(bytes, cancellation);
            }
            finally
            {
                Output.Release();
            }
        }
    }

    private Task<HttpResponseMessage> OpenAsync(LogSource source, CancellationToken cancellation) => Session.StreamAsync(
        Session.Request("get", PodTargets.Pods, source.Pod, "log", source.Namespace, [("container", source.Container), .. Query.Parameters]), "*/*", cancellation);

    /// <summary>The containers of a pod whose logs are wanted.</summary>
    public static async Task<IReadOnlyList<LogSource>> SourcesAsync(JsonObject pod, string? container, bool all)
    {
        var names = all ? PodTargets.ContainersOf(pod).Select(c => c.Name).ToList() : [await PodTargets.ContainerAsync(pod, container)];
        return [.. names.Select(name => new LogSource(pod.Text("metadata", "name"), pod.Text("metadata", "namespace"), name))];
    }
}
