using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>The answer while the store cannot serve: nothing was done, and clients that know <c>Retry-After</c>, as client-go does, ask again by themselves.</summary>
internal static class StoreAway
{
    private const int RetryAfterSeconds = 1;

    /// <summary>503.</summary>
    /// <param name="reason">Why the store does not serve.</param>
    public static ApiException Refusal(string reason)
    {
        var refusal = ApiError.Unavailable($"the store does not serve for the moment, and nothing was done: {reason}");
        refusal.Status.Details = new V1StatusDetails { RetryAfterSeconds = RetryAfterSeconds };
        return refusal;
    }
}
