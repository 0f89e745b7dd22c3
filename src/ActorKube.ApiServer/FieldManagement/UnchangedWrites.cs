using System.Text.Json;
using ActorKube.Api.Machinery.ServerSideApply;
using k8s.Models;

namespace ActorKube.ApiServer.FieldManagement;

/// <summary>
/// Whether a write changes nothing but the times in managedFields: then it is no write, and the object keeps its resourceVersion.
/// </summary>
internal static class UnchangedWrites
{
    /// <summary>Compares an object's JSON as it would be stored with what is stored.</summary>
    /// <param name="stored">What is stored.</param>
    /// <param name="current">Metadata of what is stored.</param>
    /// <param name="encoded">What would be.</param>
    /// <param name="changed">Metadata of what would be.</param>
    public static bool IsSame(ReadOnlySpan<byte> stored, V1ObjectMeta current, ReadOnlySpan<byte> encoded, V1ObjectMeta changed)
    {
        if (stored.Length != encoded.Length)
        {
            return false;
        }

        var first = stored.CommonPrefixLength(encoded);
        if (first == stored.Length)
        {
            return true;
        }

        // The entries differ at most in their times, which are all of one length: what is before and after them must be equal.
        return changed.ManagedFields is { Count: > 0 } && ManagedFields.SameButTimes(current.ManagedFields, changed.ManagedFields)
            && Find(stored, out var start, out var end) && first >= start && first < end && stored[end..].SequenceEqual(encoded[end..]);
    }

    private static bool Find(ReadOnlySpan<byte> json, out int start, out int end)
    {
        (start, end) = (0, 0);
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.CurrentDepth == 1 && reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                continue;
            }

            if (reader.CurrentDepth == 2 && reader.ValueTextEquals("managedFields"u8))
            {
                reader.Read();
                start = (int)reader.TokenStartIndex;
                reader.Skip();
                end = (int)reader.BytesConsumed;
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}
