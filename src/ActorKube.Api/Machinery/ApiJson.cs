using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ActorKube.Api.Kinds;
using k8s;

namespace ActorKube.Api.Machinery;

/// <summary>JSON of API objects, by KubernetesClient's generated serializers: unset fields are left out, times and quantities are canonical.</summary>
public static class ApiJson
{
    /// <summary>KubernetesClient's own options, its converters and generated type information, with those mended that Kubernetes would not understand as it should.</summary>
    public static JsonSerializerOptions Options { get; } = Capture();

    /// <summary>The object as UTF-8 JSON.</summary>
    public static byte[] Serialize(object value) => JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), Options);

    /// <summary>The object as JSON text.</summary>
    public static string SerializeToString(object value) => Encoding.UTF8.GetString(Serialize(value));

    /// <summary>Reads an object. Throws <see cref="JsonException"/> on malformed JSON or a wrong type.</summary>
    public static T Deserialize<T>(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<T>(json, Options)
        ?? throw new JsonException("the body is null");

    /// <summary>Reads an object of a model class found in the registry of kinds.</summary>
    public static object Deserialize(Type type, ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, type, Options)
        ?? throw new JsonException("the body is null");

    /// <summary>A deep copy, for callers that change an object which others share.</summary>
    public static T Copy<T>(T value) where T : notnull => (T)Deserialize(value.GetType(), Serialize(value));

    // A field that came after the version served is unknown to Kubernetes: it drops out of what is read, and is never sent.
    private static void WithoutNewerFields(JsonTypeInfo type)
    {
        for (var i = type.Properties.Count - 1; i >= 0 && type.Kind == JsonTypeInfoKind.Object; i--)
        {
            if (PublishedFields.IsNewer(type.Type, type.Properties[i].Name))
            {
                type.Properties.RemoveAt(i);
            }
        }
    }

    private static JsonSerializerOptions Capture()
    {
        JsonSerializerOptions? options = null;
        KubernetesJson.AddJsonOptions(o => options = o);
        // Bodies are data, not part of a page: only what JSON itself asks for is escaped, which keeps them small and readable with `get --raw`.
        options = new JsonSerializerOptions(options!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        options.Converters.Insert(0, new StatusJsonConverter());
        var times = (JsonConverter<DateTime>)options.GetConverter(typeof(DateTime));
        options = new JsonSerializerOptions(options) { TypeInfoResolver = options.TypeInfoResolver!.WithAddedModifier(MicroTimeConverter.Modifier(times)).WithAddedModifier(WithoutNewerFields) };
        options.Converters.Insert(0, new TimeConverter(times));
        options.Converters.Insert(0, new ServerSideApply.ManagedFieldsEntryJsonConverter());
        options.Converters.Insert(0, new ServerSideApply.FieldsV1JsonConverter());
        options.TypeInfoResolverChain.Insert(0, CustomObjectJsonConverter.Resolver);
        return options;
    }
}
