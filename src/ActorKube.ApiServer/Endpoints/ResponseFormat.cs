using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Protobuf;
using Microsoft.AspNetCore.Http;

namespace ActorKube.ApiServer.Endpoints;

/// <summary>The form that objects are answered in.</summary>
internal enum Projection
{
    /// <summary>As they are.</summary>
    None,

    /// <summary>Rows for printing.</summary>
    Table,

    /// <summary>Metadata only.</summary>
    PartialObjectMetadata,
}

/// <summary>The encoding of an answer.</summary>
internal enum WireFormat
{
    /// <summary>JSON.</summary>
    Json,

    /// <summary>YAML.</summary>
    Yaml,

    /// <summary>Kubernetes protobuf.</summary>
    Protobuf,
}

/// <summary>What a client accepts, settled. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources</summary>
/// <param name="Wire">The encoding.</param>
/// <param name="Projection">Whole objects, tables or metadata.</param>
internal readonly record struct ResponseFormat(WireFormat Wire, Projection Projection)
{
    private static readonly string[] Offered = ["application/json", "application/yaml", ProtobufWriter.MediaType];

    /// <summary>JSON of whole objects.</summary>
    public static ResponseFormat Json { get; } = new(WireFormat.Json, Projection.None);

    /// <summary>YAML rather than JSON.</summary>
    public bool Yaml => Wire == WireFormat.Yaml;

    /// <summary>
    /// Settles an <c>Accept</c> header: the first range that can be served, by weight, then by how exactly it names a type. Throws the 406 Status when there is none.
    /// </summary>
    /// <param name="accept">The header.</param>
    /// <param name="protobuf">Whether there is a protobuf message for what is asked.</param>
    /// <param name="watch">Whether a watch is asked for, which has no YAML.</param>
    /// <param name="table">Whether what is asked can be printed in rows: what is nowhere stored cannot.</param>
    public static ResponseFormat Negotiate(string? accept, bool protobuf = true, bool watch = false, bool table = true) =>
        TryNegotiate(accept, protobuf, table, out var format) && !(watch && format.Yaml)
            ? format
            : throw ApiError.NotAcceptable(Offered.Where(o => (protobuf || o != ProtobufWriter.MediaType) && !(watch && o == "application/yaml")).Select(o => watch ? o + ";stream=watch" : o));

    /// <summary>The encoding of a failure: as the client accepts, or else JSON.</summary>
    public static ResponseFormat OfFailure(string? accept) =>
        TryNegotiate(accept, true, true, out var format) ? format with { Projection = Projection.None } : Json;

    /// <summary>Whether JSON is to be indented: when the query says so, or to those who read it with their eyes.</summary>
    public static bool IsPretty(HttpRequest request)
    {
        if (request.Query.TryGetValue("pretty", out var asked) && asked.ToString() is { Length: > 0 } text)
        {
            return text is "1" or "t" or "T" or "true" or "TRUE" or "True";
        }

        var agent = request.Headers.UserAgent.ToString();
        return agent.StartsWith("curl", StringComparison.Ordinal) || agent.StartsWith("Wget", StringComparison.Ordinal) || agent.StartsWith("Mozilla/5.0", StringComparison.Ordinal);
    }

    private static bool TryNegotiate(string? accept, bool protobuf, bool table, out ResponseFormat format)
    {
        format = Json;
        if (string.IsNullOrEmpty(accept) || accept is "application/json" or "*/*")
        {
            return true;
        }

        (double Weight, int Exactness) best = (0, 0);
        foreach (var range in accept.Split(','))
        {
            if (TryParse(range, out var candidate, out var rank) && (protobuf || candidate.Wire != WireFormat.Protobuf)
                && (table || candidate.Projection != Projection.Table) && rank.CompareTo(best) > 0)
            {
                (format, best) = (candidate, rank);
            }
        }

        return best.Weight > 0;
    }

    private static bool TryParse(string range, out ResponseFormat format, out (double Weight, int Exactness) rank)
    {
        format = default;
        rank = default;
        var parts = range.Split(';', StringSplitOptions.TrimEntries);
        (WireFormat Wire, int Exactness)? found = parts[0].ToLowerInvariant() switch
        {
            "*/*" => (WireFormat.Json, 1),
            "application/*" => (WireFormat.Json, 2),
            "application/json" => (WireFormat.Json, 3),
            "application/yaml" => (WireFormat.Yaml, 3),
            ProtobufWriter.MediaType => (WireFormat.Protobuf, 3),
            _ => null,
        };
        if (found is not var (wire, exactness))
        {
            return false;
        }

        var (projection, weight) = (Projection.None, 1.0);
        string? version = null;
        foreach (var parameter in parts.AsSpan(1))
        {
            var (name, value) = parameter.Split('=', 2) is [var n, var v] ? (n.Trim().ToLowerInvariant(), v.Trim().Trim('"')) : (parameter, "");
            switch (name)
            {
                case "q":
                    weight = double.TryParse(value, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var q) ? q : 1;
                    break;
                case "as" when value == "Table":
                    projection = Projection.Table;
                    break;
                case "as" when value is "PartialObjectMetadata" or "PartialObjectMetadataList":
                    projection = Projection.PartialObjectMetadata;
                    break;
                case "v":
                    version = value;
                    break;
                case "as" or "g" when value != "meta.k8s.io":
                case "stream" when value != "watch":
                case "charset" when !value.Equals("utf-8", StringComparison.OrdinalIgnoreCase):
                    return false;
            }
        }

        // v1beta1 of these forms has not been served since Kubernetes 1.25, and a table has no protobuf.
        if (projection != Projection.None && version is not "v1" || (projection == Projection.Table && wire == WireFormat.Protobuf))
        {
            return false;
        }

        format = new ResponseFormat(wire, projection);
        rank = (weight, exactness);
        return true;
    }
}
