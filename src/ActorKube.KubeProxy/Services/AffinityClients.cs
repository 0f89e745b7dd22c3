using System.Text.Json;

namespace ActorKube.KubeProxy.Services;

/// <summary>Reads which clients the sets of session affinity hold, so that replacing the table does not forget them.</summary>
public static class AffinityClients
{
    /// <summary>
    /// From the output of <c>nft -j list sets table …</c>: per set the elements in the words that put them back with their remaining time.
    /// </summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Parse(string? json)
    {
        var result = new Dictionary<string, IReadOnlyList<string>>();
        if (string.IsNullOrEmpty(json))
        {
            return result;
        }

        using var document = JsonDocument.Parse(json);
        foreach (var item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (item.TryGetProperty("set", out var set)
                && set.GetProperty("name").GetString() is { } name && name.StartsWith("aff", StringComparison.Ordinal)
                && set.TryGetProperty("elem", out var elements))
            {
                result[name] = [.. elements.EnumerateArray().Select(Element).OfType<string>()];
            }
        }

        return result;
    }

    private static string? Element(JsonElement element)
    {
        if (!element.TryGetProperty("elem", out var e) || !e.TryGetProperty("expires", out var expires) || expires.GetInt64() <= 0)
        {
            return null;
        }

        var timeout = e.TryGetProperty("timeout", out var t) ? $" timeout {t.GetInt64()}s" : "";
        return $"{e.GetProperty("val").GetString()}{timeout} expires {expires.GetInt64()}s";
    }
}
