using ActorKube.Client.Protocol;

namespace ActorKube.Client;

/// <summary>Carries requests to an API server: by actor messages (<c>ActorTransport</c>) or by HTTPS (<c>HttpTransport</c>).</summary>
public interface IApiTransport : IAsyncDisposable
{
    /// <summary>Sends a request. A failure of the API comes as a response with its Status; a failure to reach any server throws <see cref="ApiUnreachableException"/>.</summary>
    Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken = default);

    /// <summary>Opens a watch. Ends when the server closes it; throws <see cref="ApiUnreachableException"/> when the connection breaks.</summary>
    IAsyncEnumerable<ApiWatchEvent> WatchAsync(ApiRequest request, CancellationToken cancellationToken = default);
}

/// <summary>No API server could be reached, or the connection broke; whether a write took place is not known.</summary>
public sealed class ApiUnreachableException(string message, Exception? inner = null) : Exception(message, inner);
