using ActorKube.Client.Informers;
using ActorKube.Client.Protocol;
using ActorKube.Client.Transport;
using Akka.Configuration;

namespace ActorKube.Client.Hosting;

/// <summary>The section <c>actorkube.client</c>, see <c>reference.conf</c>.</summary>
public sealed record ClientSettings
{
    /// <summary>The defaults embedded in this assembly, the serializer of the API protocol among them.</summary>
    public static Config DefaultConfig { get; } = Read();

    /// <summary>How long a request may take.</summary>
    public required TimeSpan RequestTimeout { get; init; }

    /// <summary>How long one attempt to connect may take.</summary>
    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>Shortest wait before connecting again.</summary>
    public required TimeSpan ReconnectMin { get; init; }

    /// <summary>Longest wait before connecting again.</summary>
    public required TimeSpan ReconnectMax { get; init; }

    /// <summary>Shortest wait before an informer tries again.</summary>
    public required TimeSpan InformerRetryMin { get; init; }

    /// <summary>Longest wait before an informer tries again.</summary>
    public required TimeSpan InformerRetryMax { get; init; }

    /// <summary>How long an informer's watch stays open at least.</summary>
    public required TimeSpan WatchTimeout { get; init; }

    /// <summary>Reads the section.</summary>
    public static ClientSettings Of(Config config)
    {
        var section = config.WithFallback(DefaultConfig).GetConfig("actorkube.client");
        return new ClientSettings
        {
            RequestTimeout = section.GetTimeSpan("request-timeout"),
            ConnectTimeout = section.GetTimeSpan("connect-timeout"),
            ReconnectMin = section.GetTimeSpan("reconnect-min"),
            ReconnectMax = section.GetTimeSpan("reconnect-max"),
            InformerRetryMin = section.GetTimeSpan("informer.retry-min"),
            InformerRetryMax = section.GetTimeSpan("informer.retry-max"),
            WatchTimeout = section.GetTimeSpan("informer.watch-timeout"),
        };
    }

    /// <summary>Options for an actor transport.</summary>
    public ActorTransportOptions ToTransportOptions(Func<ApiCredential> credential, ApiServers servers) => new()
    {
        Credential = credential,
        Servers = servers,
        RequestTimeout = RequestTimeout,
        ConnectTimeout = ConnectTimeout,
        ReconnectMin = ReconnectMin,
        ReconnectMax = ReconnectMax,
    };

    /// <summary>Options for informers.</summary>
    public InformerOptions ToInformerOptions() => new() { RetryMin = InformerRetryMin, RetryMax = InformerRetryMax, WatchTimeout = WatchTimeout };

    private static Config Read()
    {
        using var reader = new StreamReader(typeof(ClientSettings).Assembly.GetManifestResourceStream("ActorKube.Client.reference.conf")!);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
