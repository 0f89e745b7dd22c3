using ActorKube.Api.Machinery;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>
/// The parameters of an OpenAPI v2 document that many operations have: written once, under their name and a hash of what they say, and referred to.
/// <c>name</c> differs with every kind; <c>dryRun</c> and <c>fieldValidation</c> stay where they are, since kubectl up to 1.27 looks for them there.
/// </summary>
internal sealed class SharedParameters
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Dictionary<string, JsonObject> _parameters = [];

    /// <summary>Every parameter so far, by name.</summary>
    public JsonObject ToJson() => new(_parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, p.Value)));

    /// <summary>A reference to a parameter, or the parameter where it is not shared.</summary>
    public JsonObject Add(Parameter parameter)
    {
        var json = new JsonObject
        {
            ["uniqueItems"] = true, ["type"] = parameter.Type, ["description"] = parameter.Description, ["name"] = parameter.Name, ["in"] = parameter.Place,
        };
        if (parameter.Place == "path")
        {
            json["required"] = true;
        }

        return parameter.Name is "name" or "dryRun" or "fieldValidation" ? json : Add(parameter.Name, json);
    }

    /// <summary>A reference to a parameter that is written once.</summary>
    public JsonObject Add(string name, JsonObject json)
    {
        var key = $"{name}-{Hash(json)}";
        _parameters.TryAdd(key, json);
        return new JsonObject { ["$ref"] = "#/parameters/" + key };
    }

    // FNV-1 of 64 bits over the parameter's JSON, as Go writes it; 48 bits of it as URL-safe base64.
    private static string Hash(JsonObject json)
    {
        var text = GoJson.EscapeHtml(json.ToJsonString(Plain));
        var hash = 0xcbf29ce484222325;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            hash = unchecked(hash * 0x100000001b3) ^ value;
        }

        Span<byte> bytes = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, hash);
        return Base64Url.EncodeToString(bytes[..6]);
    }
}
