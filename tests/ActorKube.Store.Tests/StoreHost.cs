using ActorKube.Store.Protocol;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorKube.Store.Tests;

/// <summary>A process with nothing but the store in it, on SQLite files of its own.</summary>
internal sealed class StoreHost : IAsyncDisposable
{
    private readonly IHost _host;

    private StoreHost(IHost host) => _host = host;

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    public IActorRef Store => ActorRegistry.For(System).Get<StoreActor>();

    public static StoreSettings SettingsIn(string directory, string overrides = "") => StoreSettings.From(ConfigurationFactory.ParseString($$"""
        actorkube.store { {{overrides}} }
        actorkube.store.sqlite.directory = "{{directory}}"
        """));

    public static async Task<StoreHost> StartAsync(StoreSettings settings, string hocon = "")
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAkka("store-test", akka => akka
            .AddStore(settings)
            .AddHocon(hocon + "\nakka { loglevel = WARNING, stdout-loglevel = WARNING, log-dead-letters = off }", HoconAddMode.Prepend));
        var host = builder.Build();
        await host.StartAsync();
        return new StoreHost(host);
    }

    public Task<object> AskAsync(IStoreMessage message) => Store.Ask<object>(message, TimeSpan.FromSeconds(20));

    /// <summary>Asks again while the store cannot say what became of the write: until the journal works again.</summary>
    public async Task<object> AskUntilKnownAsync(IStoreMessage message)
    {
        while (true)
        {
            var answer = await AskAsync(message);
            if (answer is not (OutcomeUnknown or NotAttempted))
                return answer;
            await Task.Delay(10);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
