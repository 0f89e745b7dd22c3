using ActorKube.Api.Machinery;

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

/// <summary>What a client accepts, settled. Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources</summary>
/// <param name="Yaml">YAML rather than JSON.</param>
/// <param name="Projection">Whole objects, tables or metadata.</param>
internal readonly record struct ResponseFormat(bool Yaml, Projection Projection)
{
    private static readonly string[] Offered = ["application/json", "application/yaml"];

    /// <summary>JSON of whole objects.</summary>
    public static ResponseFormat Json { get; } = new(false, Projection.None);

    /// <summary>Settles an <c>Accept</c> header: the first range that can be served, by weight. Throws the 406 Status when there is none.</summary>
    public static ResponseFormat Negotiate(string? accept)
    {
        if (string.IsNullOrEmpty(accept) || accept is "application/json" or "*/*")
        {
            return Json;
        }

        ResponseFormat? best = null;
        double bestWeight = 0;
        foreach (var range in accept.Split(','))
        {
            if (TryParse(range, out var format, out var weight) && weight > bestWeight)
            {
                (best, bestWeight) = (format, weight);
            }
        }

        return best ?? throw ApiError.NotAcceptable(Offered);
    }

    private static bool TryParse(string range, out ResponseFormat format, out double weight)
    {
        format = default;
        weight = 1;
        var parts = range.Split(';', StringSplitOptions.TrimEntries);
        bool yaml;
        switch (parts[0].ToLowerInvariant())
        {
            case "application/json" or "*/*" or "application/*":
                yaml = false;
                break;
            case "application/yaml":
                yaml = true;
                break;
            default:
                return false;
        }

        var projection = Projection.None;
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
                case "as":
                    return false;
                case "v":
                    version = value;
                    break;
                case "g" when value != "meta.k8s.io":
                    return false;
            }
        }

        // v1beta1 of these forms has not been served since Kubernetes 1.25.
        if (projection != Projection.None && version is not "v1")
        {
            return false;
        }

        format = new ResponseFormat(yaml, projection);
        return true;
    }
}
