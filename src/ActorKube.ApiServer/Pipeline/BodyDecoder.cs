using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.Protobuf;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Turns a request's body into an object of the kind that the URL expects, with Kubernetes' words for a body that is none.</summary>
internal static class BodyDecoder
{
    private const string Protobuf = "application/vnd.kubernetes.protobuf";
    private static readonly string[] Accepted = ["application/json", "application/yaml", Protobuf];

    /// <summary>The body as the kind's class, with apiVersion, kind and metadata set. Throws the 400 or 415 Status.</summary>
    public static IKubernetesObject<V1ObjectMeta> Decode(RequestContext context) => Decode(context, context.Kind);

    /// <summary>The body as another kind's class, such as a Scale's or Binding's.</summary>
    public static IKubernetesObject<V1ObjectMeta> Decode(RequestContext context, ResourceKind kind) =>
        Decode(context, kind.ClrType!, kind.ApiVersion, kind.Kind);

    /// <summary>The body as a model class of that apiVersion and kind.</summary>
    public static IKubernetesObject<V1ObjectMeta> Decode(RequestContext context, Type type, string apiVersion, string kind)
    {
        var value = context.Request.Object is { } given ? Given(given, type) : Parse(context, type, apiVersion, kind);
        if (context.Request.Object is CustomObject own)
        {
            CustomResourceBodies.Normalize((CustomResourceKind)context.Kind, own.Content, null);
        }

        Identify(value, apiVersion, kind);
        return value;
    }

    /// <summary>JSON that a patch made, as the kind's class. Unknown fields are treated as the request's fieldValidation says.</summary>
    public static IKubernetesObject<V1ObjectMeta> DecodePatched(RequestContext context, ReadOnlySpan<byte> json, IReadOnlyList<string> strictOfPatch)
    {
        var decoded = context.Kind is CustomResourceKind custom ? CustomResourceBodies.Decode(custom, json) : StrictDecoder.Decode(json, context.Kind.ClrType!);
        if (decoded.Error is not null)
        {
            throw Patch.ResultIsInvalid(context.Request.ContentType, context.Request.Body.Span, decoded.Error);
        }

        var strict = strictOfPatch.Count == 0 ? decoded.Strict : [.. strictOfPatch, .. decoded.Strict];
        Report(context, strict, text => Patch.ResultIsInvalid(context.Request.ContentType, context.Request.Body.Span, text));
        var value = (IKubernetesObject<V1ObjectMeta>)decoded.Value!;
        Identify(value, context.Kind.ApiVersion, context.Kind.Kind);
        return value;
    }

    /// <summary>The body as DeleteOptions; none when there is no body. Query parameters win, as in Kubernetes only one of both is used.</summary>
    public static V1DeleteOptions DecodeDeleteOptions(RequestContext context)
    {
        if (context.Request.Object is V1DeleteOptions given)
        {
            return given;
        }

        if (context.Request.Body.IsEmpty)
        {
            return DeleteOptionsFromQuery(context);
        }

        var decoded = Read(context, typeof(V1DeleteOptions));
        return decoded.Error is null
            ? (V1DeleteOptions)decoded.Value!
            : throw ApiError.BadRequest(StrictDecoder.CannotHandle("DeleteOptions", "v1", "DeleteOptions", decoded.Error, context.Request.Body.Span));
    }

    /// <summary>The media type without parameters.</summary>
    public static string MediaType(string contentType)
    {
        var end = contentType.IndexOf(';');
        return (end < 0 ? contentType : contentType[..end]).Trim().ToLowerInvariant();
    }

    private static V1DeleteOptions DeleteOptionsFromQuery(RequestContext context)
    {
        var options = new V1DeleteOptions { PropagationPolicy = context.Query("propagationPolicy") };
        if (context.Query("gracePeriodSeconds") is { Length: > 0 } grace)
        {
            options.GracePeriodSeconds = long.TryParse(grace, out var seconds) ? seconds : throw ApiError.BadRequest($"strconv.ParseInt: parsing \"{grace}\": invalid syntax");
        }

#pragma warning disable CS0618 // Old clients still send it.
        options.OrphanDependents = context.Query("orphanDependents") switch { "true" => true, "false" => false, _ => null };
#pragma warning restore CS0618
        return options;
    }

    private static IKubernetesObject<V1ObjectMeta> Given(object given, Type type) => given.GetType() == type
        ? (IKubernetesObject<V1ObjectMeta>)given
        : throw ApiError.BadRequest($"the object provided is a {given.GetType().Name} (must be of type {type.Name})");

    private static IKubernetesObject<V1ObjectMeta> Parse(RequestContext context, Type type, string apiVersion, string kind)
    {
        var decoded = Read(context, type);
        var value = (IKubernetesObject<V1ObjectMeta>?)decoded.Value;
        var (bodyKind, bodyVersion) = value is null ? TypeOf(context.Request.Body.Span) : (value.Kind, value.ApiVersion);
        var shownVersion = bodyVersion is { } shown && shown.IndexOf('/') is var slash && slash >= 0 ? shown[(slash + 1)..] : bodyVersion;
        if (!string.IsNullOrEmpty(bodyVersion) && bodyVersion != apiVersion)
        {
            throw ApiError.BadRequest($"the API version in the data ({bodyVersion}) does not match the expected API version ({apiVersion})");
        }

        if (!string.IsNullOrEmpty(bodyKind) && bodyKind != kind)
        {
            throw ApiError.BadRequest($"{bodyKind} in version \"{shownVersion}\" cannot be handled as a {kind}: unknown conversion");
        }

        if (decoded.Error is not null)
        {
            throw ApiError.BadRequest(StrictDecoder.CannotHandle(bodyKind, shownVersion, kind, decoded.Error, context.Request.Body.Span));
        }

        Report(context, decoded.Strict, text => ApiError.BadRequest($"{kind} in version \"{shownVersion}\" cannot be handled as a {kind}: {text}"));
        return value!;
    }

    private static Decoded Read(RequestContext context, Type type) => MediaType(context.Request.ContentType) switch
    {
        "" or "application/json" or "*/*" when type == typeof(CustomObject) => CustomResourceBodies.Decode((CustomResourceKind)context.Kind, context.Request.Body.Span),
        "application/yaml" or "application/x-yaml" or "text/yaml" when type == typeof(CustomObject) => CustomResourceBodies.DecodeYaml((CustomResourceKind)context.Kind, context.Request.Body.Span),
        Protobuf when type == typeof(CustomObject) => throw ApiError.UnsupportedMediaType(Accepted[..2]),
        "" or "application/json" or "*/*" => StrictDecoder.Decode(context.Request.Body.Span, type),
        "application/yaml" or "application/x-yaml" or "text/yaml" => StrictDecoder.DecodeYaml(context.Request.Body.Span, type),
        Protobuf => ReadProtobuf(context, type),
        _ => throw ApiError.UnsupportedMediaType(Accepted),
    };

    private static Decoded ReadProtobuf(RequestContext context, Type type)
    {
        try
        {
            return StrictDecoder.Decode(ProtobufReader.ToJson(context.Request.Body), type);
        }
        catch (FormatException e)
        {
            return new Decoded(null, e.Message, []);
        }
    }

    private static void Report(RequestContext context, IReadOnlyList<string> strict, Func<string, ApiException> refuse)
    {
        if (strict.Count == 0)
        {
            return;
        }

        switch (context.Query("fieldValidation"))
        {
            case "Strict":
                throw refuse("strict decoding error: " + string.Join(", ", strict));
            case "Ignore":
                break;
            default:
                foreach (var text in strict)
                {
                    context.Warn(text);
                }

                break;
        }
    }

    private static void Identify(IKubernetesObject<V1ObjectMeta> value, string apiVersion, string kind)
    {
        value.ApiVersion = apiVersion;
        value.Kind = kind;
        value.Metadata ??= new V1ObjectMeta();
    }

    // What a body that cannot be decoded says it is.
    private static (string? Kind, string? ApiVersion) TypeOf(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new System.Text.Json.Utf8JsonReader(body);
            using var json = System.Text.Json.JsonDocument.ParseValue(ref reader);
            return (Text(json.RootElement, "kind"), Text(json.RootElement, "apiVersion"));
        }
        catch (System.Text.Json.JsonException)
        {
            return (null, null);
        }
    }

    private static string? Text(System.Text.Json.JsonElement json, string name) =>
        json.ValueKind == System.Text.Json.JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == System.Text.Json.JsonValueKind.String
            ? value.GetString()
            : null;
}
