using Microsoft.Extensions.Hosting;

namespace ActorKube.Host.Processes;

/// <summary>
/// Leaves signals to the command that runs the process: it stops the pods first and the actor system after them, where the usual
/// lifetime would end the actor system at once.
/// </summary>
internal sealed class CommandLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
