using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Processes;
using ActorKube.Host.Commands;
using ActorKube.Host.Machine;
using Microsoft.Extensions.Logging;

namespace ActorKube.Host.Processes;

/// <summary>The container runtime of a node process, with the host packages it needs.</summary>
public sealed class NodeRuntime : IAsyncDisposable
{
    private NodeRuntime(IContainerRuntime runtime, string description) => (Runtime, Description) = (runtime, description);

    /// <summary>What runs the containers.</summary>
    public IContainerRuntime Runtime { get; }

    /// <summary>What it is and why, for people.</summary>
    public string Description { get; }

    /// <summary>Finds the runtime, installing missing host packages first where that is wanted and possible.</summary>
    public static Task<NodeRuntime> OpenAsync(ProcessSettings settings, bool install, ILoggerFactory logs, CancellationToken cancellation)
    {
        var options = new ProcessRuntimeOptions { RootDirectory = Path.Combine(settings.DataDir, "runtime") };
        return Task.FromResult(new NodeRuntime(new ProcessRuntime(options, logs), "process"));
    }

    /// <summary>Imports the demo images that are not there yet.</summary>
    public Task BringDemoImagesAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Stops every pod of this node.</summary>
    public async Task StopPodsAsync()
    {
        var sandboxes = await Runtime.ListPodSandboxAsync();
        await Task.WhenAll(sandboxes.Select(s => Runtime.StopPodSandboxAsync(s.Id)));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Runtime.DisposeAsync();
}
