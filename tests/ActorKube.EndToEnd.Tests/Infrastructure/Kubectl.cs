using System.Text.Json.Nodes;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>kubectl on a test host, in one namespace of the cluster.</summary>
/// <param name="Host">Where it runs.</param>
/// <param name="Kubeconfig">The kubeconfig file.</param>
internal sealed record Kubectl(TestHost Host, string Kubeconfig)
{
    /// <summary>Which kubectl.</summary>
    public string Program { get; init; } = "kubectl";

    public string Namespace { get; init; } = "default";

    /// <summary>What comes before every command.</summary>
    public string[] Common => ["--kubeconfig", Kubeconfig, "--cache-dir", Path.Combine(Host.Folder, "kubectl-" + Path.GetFileName(Program)), "--namespace", Namespace];

    public Task<Output> RunAsync(params string[] arguments) => Host.RunAsync(Program, [.. Common, .. arguments]);

    /// <summary>Runs a command that must succeed; its output without the last line's end.</summary>
    public async Task<string> OkAsync(params string[] arguments)
    {
        var output = await RunAsync(arguments);
        return output.ExitCode == 0
            ? output.Out.TrimEnd('\n')
            : throw new InvalidOperationException($"kubectl {string.Join(' ', arguments)}: exit code {output.ExitCode}\n{output.Out}\n{output.Error}");
    }

    /// <summary>Runs a command that must succeed, with input.</summary>
    public async Task<string> OkWithInputAsync(string input, params string[] arguments)
    {
        var output = await Host.RunAsync(Program, [.. Common, .. arguments], input);
        return output.ExitCode == 0
            ? output.Out.TrimEnd('\n')
            : throw new InvalidOperationException($"kubectl {string.Join(' ', arguments)}: exit code {output.ExitCode}\n{output.Out}\n{output.Error}");
    }

    public Task<string> ApplyAsync(string manifest) => OkWithInputAsync(manifest, "apply", "-f", "-");

    /// <summary>One object, or a list of them.</summary>
    public async Task<JsonNode> GetAsync(params string[] what) => JsonNode.Parse(await OkAsync(["get", .. what, "-o", "json"]))!;

    /// <summary>Objects of a kind.</summary>
    public async Task<IReadOnlyList<JsonNode>> ListAsync(params string[] what) => [.. (await GetAsync(what))["items"]!.AsArray().Select(i => i!)];

    /// <summary>Waits until a command's output fits.</summary>
    public Task<string> UntilAsync(Func<string, bool> fits, TimeSpan within, params string[] arguments) => Command.EventuallyAsync(
        async () => await RunAsync(arguments) is var output && output.ExitCode == 0 ? output.Out.TrimEnd('\n') : output.Error, fits, within, $"kubectl {string.Join(' ', arguments)}");

    /// <summary>Starts a command that goes on.</summary>
    public HostProcess Start(string log, params string[] arguments) => Host.Start(Program, log, [.. Common, .. arguments]);
}
