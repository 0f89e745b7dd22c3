using System.Buffers.Text;
using System.Text.Json;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.WatchCache;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Where the next page of a list begins. Opaque to clients.</summary>
/// <param name="Revision">The moment that all pages show; null: whatever is current, for a list that goes on after its moment was forgotten.</param>
/// <param name="Start">The first key of the page, or a key before it and after the last one sent.</param>
/// <param name="Since">When it was given out.</param>
/// <param name="Forgotten">The moment that was forgotten, where <paramref name="Revision"/> is null.</param>
internal sealed record ContinueToken(long? Revision, string Start, DateTimeOffset Since, long Forgotten = -1)
{
    /// <summary>The token's text.</summary>
    public override string ToString()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("v", "meta.k8s.io/v1");
            json.WriteNumber("rv", Revision is { } revision ? revision + 1 : -1);
            json.WriteString("start", Start);
            json.WriteNumber("since", Since.ToUnixTimeSeconds());
            if (Revision is null)
            {
                json.WriteNumber("forgotten", Forgotten);
            }

            json.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.ToArray());
    }

    /// <summary>Reads a token. Throws the 400 Status for one that is none.</summary>
    public static ContinueToken Parse(string text)
    {
        ContinueTokenData data;
        try
        {
            data = JsonSerializer.Deserialize<ContinueTokenData>(Base64Url.DecodeFromChars(text)) ?? throw new JsonException("null is no token");
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw Invalid("continue key is not valid: " + e.Message);
        }

        return data switch
        {
            not { v: "meta.k8s.io/v1" } => throw Invalid($"continue key is not valid: server does not recognize this encoded version {data.v}"),
            { rv: 0 } => throw Invalid("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)"),
            { start: not { Length: > 0 } } => throw Invalid("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)"),
            _ => new ContinueToken(data.rv < 0 ? null : data.rv - 1, data.start, DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(data.since, 0, MaxSeconds)), data.forgotten ?? -1),
        };
    }

    /// <summary>Whether it was given out longer ago than that.</summary>
    public bool IsOlderThan(TimeSpan lifetime, DateTimeOffset now) => now - Since > lifetime;

    /// <summary>The 410 Status for a token whose moment is forgotten; it carries a token with which the list can go on inconsistently.</summary>
    public ApiException Expired()
    {
        var status = ApiError.Status(410, "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.");
        status.Metadata = new V1ListMeta { ContinueProperty = (this with { Revision = null, Forgotten = Revision ?? -1 }).ToString() };
        return new ApiException(status);
    }

    /// <summary>The key after which a page starts whose last key was <paramref name="last"/>.</summary>
    public static string After(string last) => last + "\0";

    /// <summary>The version a list shows.</summary>
    public static string Version(CacheState state) => ResourceVersions.Format(state.Revision);

    private const long MaxSeconds = 253402300799;

    private static ApiException Invalid(string why) => ApiError.BadRequest("invalid continue token: " + why);

#pragma warning disable IDE1006, SA1300 // The names are those of the token's text.
    private sealed record ContinueTokenData(string? v, long rv, string? start, long since, long? forgotten);
#pragma warning restore IDE1006, SA1300
}
