using System.Buffers.Text;
using System.Text.Json;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.WatchCache;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Where the next page of a list begins. Opaque to clients.</summary>
/// <param name="Revision">The moment that all pages show; null: whatever is current, for a list that goes on after its moment was forgotten.</param>
/// <param name="Start">The first key of the page, or a key before it and after the last one sent.</param>
internal sealed record ContinueToken(long? Revision, string Start)
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
            json.WriteEndObject();
        }

        return Base64Url.EncodeToString(buffer.ToArray());
    }

    /// <summary>Reads a token. Throws the 400 Status for one that is none.</summary>
    public static ContinueToken Parse(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(text));
            var version = json.RootElement.GetProperty("rv").GetInt64();
            return new ContinueToken(version < 0 ? null : version - 1, json.RootElement.GetProperty("start").GetString() ?? "");
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw ApiError.BadRequest("continue key is not valid: " + e.Message);
        }
    }

    /// <summary>The 410 Status for a token whose moment is forgotten; it carries a token with which the list can go on inconsistently.</summary>
    public ApiException Expired()
    {
        var status = ApiError.Status(410, "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.");
        status.Metadata = new V1ListMeta { ContinueProperty = (this with { Revision = null }).ToString() };
        return new ApiException(status);
    }

    /// <summary>The key after which a page starts whose last key was <paramref name="last"/>.</summary>
    public static string After(string last) => last + "\0";

    /// <summary>The version a list shows.</summary>
    public static string Version(CacheState state) => ResourceVersions.Format(state.Revision);
}
