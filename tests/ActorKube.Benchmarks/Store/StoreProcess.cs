using ActorKube.Store;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Extensions.Hosting;

namespace ActorKube.Benchmarks.Store;

/// <summary>A host with nothing but the store.</summary>
internal sealed class StoreProcess : IAsyncDisposable
{
    private readonly IHost _host;

    private StoreProcess(IHost host, IActorRef store) => (_host, Store) = (host, store);

    public IActorRef Store { get; }

    public static StoreSettings Settings(string directory, string? postgreSql, IEnumerable<string> overrides)
    {
        var config = ConfigurationFactory.ParseString($"actorkube.store.sqlite.directory = \"{directory}\"");
        if (postgreSql is not null)
            config = ConfigurationFactory.ParseString($"actorkube.store {{ provider = postgresql, postgresql.connection-string = \"{postgreSql}\" }}").WithFallback(config);
        return StoreSettings.From(overrides.Aggregate(config, (all, one) => ConfigurationFactory.ParseString("actorkube.store." + one).WithFallback(all)));
    }

    public static async Task<StoreProcess> StartAsync(StoreSettings settings, string hocon = "")
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAkka("benchmark", akka => akka
            .AddStore(settings)
            .AddHocon(hocon + "\nakka.loglevel = WARNING", HoconAddMode.Prepend));
        var host = builder.Build();
        await host.StartAsync();
        return new StoreProcess(host, ActorRegistry.For((ActorSystem)host.Services.GetService(typeof(ActorSystem))!).Get<StoreActor>());
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
