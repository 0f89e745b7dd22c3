using System.Net;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>How registries are reached.</summary>
public sealed record RegistryOptions
{
    /// <summary>Registries (host or host:port) that speak plain HTTP or have certificates nobody knows. Those on loopback count as such always.</summary>
    public IReadOnlyCollection<string> InsecureRegistries { get; init; } = [];

    /// <summary>How many blobs of one image are downloaded at the same time.</summary>
    public int ParallelDownloads { get; init; } = 3;

    /// <summary>How often a download that broke off is tried.</summary>
    public int Attempts { get; init; } = 4;

    /// <summary>The pause before the second try; it doubles each time.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait for a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a download may stand still before it is broken off and tried again.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The clock for retries.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal bool IsInsecure(string host)
    {
        if (InsecureRegistries.Contains(host))
            return true;
        var name = Uri.TryCreate($"http://{host}", UriKind.Absolute, out var uri) ? uri.Host.Trim('[', ']') : host;
        return name == "localhost" || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address));
    }
}
