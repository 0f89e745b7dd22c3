using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>The three patch formats behind one call, with the Status that Kubernetes gives to a patch it cannot apply.</summary>
public static partial class Patch
{
    /// <summary>Media type of a JSON patch, RFC 6902.</summary>
    public const string Json = "application/json-patch+json";

    /// <summary>Media type of a JSON merge patch, RFC 7386.</summary>
    public const string Merge = "application/merge-patch+json";

    /// <summary>Media type of a strategic merge patch.</summary>
    public const string Strategic = "application/strategic-merge-patch+json";

    /// <summary>Media type of a server-side apply.</summary>
    public const string Apply = "application/apply-patch+yaml";

    /// <summary>
    /// The JSON of <paramref name="current"/> after the patch. <paramref name="mediaType"/> is one of the three constants above that name a patch.
    /// Fields that stand twice in the patch are added to <paramref name="strict"/>. Throws <see cref="ApiException"/>.
    /// </summary>
    public static byte[] ApplyTo(ReadOnlySpan<byte> current, string mediaType, ReadOnlySpan<byte> patch, Type type, List<string>? strict = null)
    {
        if (!JsonTree.TryParse(patch, out var change, out var error, strict))
        {
            throw ApiError.BadRequest($"error decoding patch: {error}");
        }

        if (mediaType == Json && strict is not null)
        {
            CheckOperations(change, strict);
        }

        var document = (JsonObject)JsonTree.Parse(current)!;
        return JsonTree.ToUtf8(mediaType switch
        {
            Json => ApplyJson(document, change),
            Merge => JsonMergePatch.Apply(document, AsMap(change)),
            Strategic => ApplyStrategic(document, AsMap(change), type),
            _ => throw ApiError.UnsupportedMediaType([Json, Merge, Strategic, Apply]),
        });
    }

    /// <summary>The 422 for a patch whose result is no object of the kind: <paramref name="error"/> is what decoding said.</summary>
    public static ApiException ResultIsInvalid(string mediaType, ReadOnlySpan<byte> patch, string error)
    {
        var shown = mediaType == Strategic && JsonTree.TryParse(patch, out var tree, out _) ? JsonTree.GoText(tree) : Encoding.UTF8.GetString(patch);
        var wrong = FieldError.Invalid("patch", shown, mediaType == Strategic ? ConverterText(error) : error);
        var status = ApiError.Status(422, "Invalid", $" \"\" is invalid: {wrong}");
        status.Details = new V1StatusDetails { Causes = [new V1StatusCause { Reason = wrong.Reason, Message = wrong.Message, Field = wrong.Field }] };
        return ApiError.From(status);
    }

    // What is wrong with the patch's own form, before anything is said of the object that comes out of it.
    private static void CheckOperations(JsonNode? change, List<string> strict)
    {
        for (var i = 0; i < strict.Count; i++)
        {
            strict[i] = "json patch " + strict[i];
        }

        foreach (var (operation, index) in (change as JsonArray ?? []).Select((o, i) => (o as JsonObject, i)))
        {
            strict.AddRange((operation ?? []).Where(f => f.Key is not ("op" or "path" or "from" or "value")).Select(f => $"json patch unknown field \"[{index}].{f.Key}\""));
        }
    }

    // A strategic merge patch is applied to a tree, and Kubernetes restores the object from it with a converter that has words of its own.
    private static string ConverterText(string error)
    {
        var mismatch = TypeMismatch().Match(error);
        if (!mismatch.Success)
        {
            return error;
        }

        var (found, wanted) = (mismatch.Groups["found"].Value, mismatch.Groups["wanted"].Value);
        var kind = found switch { "object" => "map", "array" => "slice", "number" => "int64", _ => found };
        return wanted switch
        {
            _ when wanted.StartsWith("map[", StringComparison.Ordinal) => $"cannot restore map from {kind}",
            _ when wanted.StartsWith("[]", StringComparison.Ordinal) => $"cannot restore slice from {kind}",
            _ when wanted.Contains('.', StringComparison.Ordinal) => $"cannot restore struct from: {kind}",
            _ => $"cannot convert {found switch { "object" => "map[string]interface {}", "array" => "[]interface {}", _ => kind }} to {wanted}",
        };
    }

    [GeneratedRegex(@"^json: cannot unmarshal (?<found>\w+) into Go (struct field \S+|value) of type (?<wanted>.+)$")]
    private static partial Regex TypeMismatch();

    private static JsonNode? ApplyJson(JsonNode document, JsonNode? change)
    {
        if (change is not JsonArray operations)
        {
            throw ApiError.BadRequest($"error decoding patch: json: cannot unmarshal {Word(change)} into Go value of type jsonpatch.Patch");
        }

        if (operations.Count > JsonPatch.MaxOperations)
        {
            throw ApiError.From(ApiError.Status(
                413, "RequestEntityTooLarge", $"The allowed maximum operations in a JSON patch is {JsonPatch.MaxOperations}, got {operations.Count}"));
        }

        try
        {
            return JsonPatch.Apply(document, operations);
        }
        catch (JsonPatchException e)
        {
            // Kubernetes keeps the operation's error to itself; here it stands among the causes, where no client trips over it.
            var status = ApiError.Status(422, "Invalid", "the server rejected our request due to an error in our request");
            status.Details = new V1StatusDetails { Causes = [new V1StatusCause { Reason = "UnexpectedServerResponse", Message = e.Message }] };
            throw ApiError.From(status);
        }
    }

    private static JsonObject ApplyStrategic(JsonObject document, JsonObject change, Type type)
    {
        try
        {
            return StrategicMergePatch.Apply(document, change, type);
        }
        catch (StrategicPatchException e) when (e.Code == 400)
        {
            throw ApiError.BadRequest(e.Message);
        }
        catch (StrategicPatchException e)
        {
            // Kubernetes answers some of these mistakes with 500, as if they were its own. They are the client's.
            throw ApiError.From(ApiError.Status(422, "Invalid", e.Message));
        }
    }

    private static JsonObject AsMap(JsonNode? change) => change as JsonObject
        ?? throw ApiError.BadRequest($"error decoding patch: json: cannot unmarshal {Word(change)} into Go value of type map[string]interface {{}}");

    private static string Word(JsonNode? node) => node?.GetValueKind() switch
    {
        null => "null",
        System.Text.Json.JsonValueKind.Object => "object",
        System.Text.Json.JsonValueKind.Array => "array",
        System.Text.Json.JsonValueKind.String => "string",
        System.Text.Json.JsonValueKind.Number => "number",
        _ => "bool",
    };
}
