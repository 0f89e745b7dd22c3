using ActorKube.Store;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer;

/// <summary>Puts an API server into a process.</summary>
public static class ApiServerHosting
{
    /// <summary>Adds <c>/user/apiserver</c>, registered as <see cref="ApiServerActor"/>, and the HTTPS endpoint. Needs the store in the same process.</summary>
    /// <param name="builder">The actor system's configuration.</param>
    /// <param name="settings">The section <c>actorkube.apiserver</c>.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="started">Told of the server once it listens, before the actor system counts as started.</param>
    /// <param name="isOneOfSeveral">Whether other servers serve the same cluster.</param>
    public static AkkaConfigurationBuilder AddApiServer(
        this AkkaConfigurationBuilder builder, ApiServerSettings settings, ILoggerFactory logs, Action<ApiServerHost>? started = null, bool isOneOfSeveral = false) => builder
        .AddHocon(ApiServerSettings.Reference, HoconAddMode.Append)
        .AddStartup(async (system, registry) =>
        {
            var host = await ApiServerHost.StartAsync(system, registry.Get<StoreActor>(), settings, logs, isOneOfSeveral: isOneOfSeveral).ConfigureAwait(false);
            var actor = await system.ActorSelection($"/user/{ApiServerActor.Name}").ResolveOne(TimeSpan.FromSeconds(5)).ConfigureAwait(false);
            registry.Register<ApiServerActor>(actor);
            CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceUnbind, "stop-apiserver", async () =>
            {
                await host.DisposeAsync().ConfigureAwait(false);
                return Akka.Done.Instance;
            });
            started?.Invoke(host);
        });
}
