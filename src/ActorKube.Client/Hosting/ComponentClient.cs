using ActorKube.Api.Meta;
using ActorKube.Client.Events;
using ActorKube.Client.Informers;
using ActorKube.Client.Protocol;
using ActorKube.Client.Transport;
using Akka.Actor;

namespace ActorKube.Client.Hosting;

/// <summary>Everything a component needs to talk to the API: made once per component, disposed of with it.</summary>
/// <param name="Client">Typed reads and writes.</param>
/// <param name="Informers">Local copies.</param>
/// <param name="Events">Events for people.</param>
public sealed record ComponentClient(IApiClient Client, IInformerFactory Informers, IEventRecorder Events) : IAsyncDisposable
{
    /// <summary>A component inside the cluster, by actor messages, with the time-outs of <c>actorkube.client</c>.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="component">Its name: user agent, field manager, reporter of events and prefix of its actors' names.</param>
    /// <param name="credential">Who it is, asked anew for each connection.</param>
    /// <param name="servers">Where API servers are.</param>
    /// <param name="host">The node it is part of; empty for the control plane.</param>
    /// <param name="time">Clock.</param>
    public static ComponentClient OverActors(
        ActorSystem system, string component, Func<ApiCredential> credential, ApiServers servers, string host = "", TimeProvider? time = null)
    {
        var settings = ClientSettings.Of(system.Settings.Config);
        var transport = new ActorTransport(system, settings.ToTransportOptions(credential, servers), $"{component}-client");
        return Over(system, transport, component, settings, host, time);
    }

    /// <summary>A control-plane component that shares its process with an API server and runs as the user <c>system:&lt;component&gt;</c>, or as another one.</summary>
    public static ComponentClient InProcess(ActorSystem system, string component, UserInfo? user = null, TimeProvider? time = null)
    {
        var credential = new InProcessCredential(user ?? new UserInfo($"system:{component}", ["system:authenticated"]));
        return OverActors(system, component, () => credential, ApiServers.Local, "", time);
    }

    /// <summary>
    /// A client of the same component that the server takes for another user, on a connection of its own: reads and writes only, no informers and no events.
    /// </summary>
    /// <param name="system">The actor system.</param>
    /// <param name="component">The component, as the server's user agent and field manager.</param>
    /// <param name="part">The part of it that the client is for; names its actor.</param>
    /// <param name="user">Who the part is.</param>
    public static IApiClient PartInProcess(ActorSystem system, string component, string part, UserInfo user)
    {
        var credential = new InProcessCredential(user);
        return new ApiClient(new ActorTransport(system, ClientSettings.Of(system.Settings.Config).ToTransportOptions(() => credential, ApiServers.Local), $"{component}-{part}-client"), component);
    }

    /// <summary>A component over HTTPS.</summary>
    public static ComponentClient OverHttp(ActorSystem system, string component, HttpTransportOptions options, string host = "", TimeProvider? time = null) =>
        Over(system, new HttpTransport(options), component, ClientSettings.Of(system.Settings.Config), host, time);

    private static ComponentClient Over(ActorSystem system, IApiTransport transport, string component, ClientSettings settings, string host, TimeProvider? time)
    {
        var client = new ApiClient(transport, component);
        return new ComponentClient(
            client,
            new InformerFactory(system, client, settings.ToInformerOptions(), $"{component}-informers"),
            new EventRecorder(system, client, component, host, time, $"{component}-events"));
    }

    /// <summary>Closes the transport; the informers' and the recorder's actors end with the actor system.</summary>
    public ValueTask DisposeAsync() => Client.Transport.DisposeAsync();
}
