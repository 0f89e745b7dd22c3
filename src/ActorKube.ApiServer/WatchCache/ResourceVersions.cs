using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorKube.Api.Machinery;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// The resourceVersion of the API and the revision of the store. A resource type that nothing was ever written to has revision 0,
/// but "0" means "any version" to clients, so the version is the revision plus one: version 1 is the empty beginning.
/// </summary>
internal static class ResourceVersions
{
    /// <summary>The version of a revision.</summary>
    public static string Format(long revision) => (revision + 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>The revision of a version other than "" and "0". Throws the 400 Status that Kubernetes gives for anything but a number.</summary>
    public static long Parse(string version) =>
        ulong.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue
            ? (long)number - 1
            : throw ApiError.BadRequest($"invalid resource version: resourceVersion: Invalid value: \"{version}\": strconv.ParseUint: parsing \"{version}\": {(IsNumber(version) ? "value out of range" : "invalid syntax")}");

    private static bool IsNumber(string version) => version.Length > 0 && version.All(char.IsAsciiDigit);

    /// <summary>Whether a writer's version is that of the revision.</summary>
    public static bool Matches(string version, long revision) => version == Format(revision);

    /// <summary>Puts a resourceVersion into the metadata of an object's JSON that has none.</summary>
    public static byte[] Inject(ReadOnlySpan<byte> json, string version)
    {
        var at = MetadataStart(json);
        var empty = IsEmptyObject(json[at..]);
        var text = Encoding.UTF8.GetBytes($"\"resourceVersion\":\"{version}\"{(empty ? "" : ",")}");
        var result = new byte[json.Length + text.Length];
        json[..at].CopyTo(result);
        text.CopyTo(result.AsSpan(at));
        json[at..].CopyTo(result.AsSpan(at + text.Length));
        return result;
    }

    // Where the members of the top level's "metadata" begin, just after its brace.
    private static int MetadataStart(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
            {
                continue;
            }

            if (reader.ValueTextEquals("metadata"u8) && reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                return (int)reader.BytesConsumed;
            }

            reader.Skip();
        }

        throw new InvalidOperationException("A stored object has no metadata.");
    }

    private static bool IsEmptyObject(ReadOnlySpan<byte> afterBrace)
    {
        foreach (var b in afterBrace)
        {
            if (b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
            {
                continue;
            }

            return b == (byte)'}';
        }

        return true;
    }
}
