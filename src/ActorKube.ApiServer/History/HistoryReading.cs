using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Encryption;
using ActorKube.Store.History;

namespace ActorKube.ApiServer.History;

/// <summary>What all requests about the past have in common: the journal, times, and the Statuses for what cannot be told.</summary>
internal static class HistoryReading
{
    /// <summary>The journal; throws the 400 Status where there is none that can be read.</summary>
    public static ResourceHistory Must(this ResourceHistory? history) => history ?? throw ApiError.BadRequest("this server's store keeps no history that can be read");

    /// <summary>Reads a time of a query; throws the 400 Status for what is none.</summary>
    public static DateTimeOffset TimeOf(string parameter, string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw ApiError.BadRequest($"{parameter}: \"{text}\" is not a time such as 2026-01-31T15:04:05Z");

    /// <summary>Reads; throws the 410 Status for what the journal no longer has, the 500 Status for what its keys do not open.</summary>
    public static async ValueTask<T> ReadAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (HistoryGoneException e)
        {
            throw ApiError.Expired(e.Message);
        }
        catch (UnreadableObjectException e)
        {
            throw ApiError.Internal(e.Message, e);
        }
    }
}
