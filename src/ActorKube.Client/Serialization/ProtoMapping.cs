using System.Collections.Immutable;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Client.Protocol;
using Google.Protobuf;
using k8s.Models;

namespace ActorKube.Client.Serialization;

/// <summary>The protocol's records to Protobuf and back.</summary>
internal static class ProtoMapping
{
    public static Proto.Request ToProto(ApiRequest request) => new()
    {
        Verb = request.Verb,
        Group = request.Group,
        Version = request.Version,
        Resource = request.Resource,
        Namespace = request.Namespace,
        Name = request.Name,
        Subresource = request.Subresource,
        Query = { request.Query },
        // The receiver cannot be handed an object; it reads JSON.
        ContentType = request.Object is null ? request.ContentType : "application/json",
        Body = request.Object is null ? Bytes(request.Body) : UnsafeByteOperations.UnsafeWrap(ApiJson.Serialize(request.Object)),
        UserAgent = request.UserAgent,
    };

    public static ApiRequest FromProto(Proto.Request request) => new()
    {
        Verb = request.Verb,
        Group = request.Group,
        Version = request.Version,
        Resource = request.Resource,
        Namespace = request.Namespace,
        Name = request.Name,
        Subresource = request.Subresource,
        Query = request.Query.ToImmutableDictionary(),
        ContentType = request.ContentType,
        Body = request.Body.Memory,
        UserAgent = request.UserAgent,
    };

    public static Proto.Response ToProto(ApiResponse response)
    {
        var message = new Proto.Response { Code = response.Code };
        if (response.Object is { } value)
            message.Object = ToProto(value);
        if (response.List is { } list)
        {
            message.List = new Proto.List { Items = { list.Items.Select(ToProto) }, ResourceVersion = list.ResourceVersion, ContinueToken = list.Continue };
            if (list.RemainingItemCount is { } remaining)
                message.List.RemainingItemCount = remaining;
        }

        if (response.Warnings is { } warnings)
            message.Warnings.AddRange(warnings);
        return message;
    }

    public static ApiResponse FromProto(Proto.Response response) => new(
        response.Code,
        response.Object is null ? null : FromProto(response.Object),
        response.List is null ? null : new ApiList(
            [.. response.List.Items.Select(FromProto)],
            response.List.ResourceVersion,
            response.List.ContinueToken,
            response.List.HasRemainingItemCount ? response.List.RemainingItemCount : null),
        response.Warnings.Count == 0 ? null : [.. response.Warnings]);

    public static Proto.WatchEvent ToProto(ApiWatchEvent e) => new() { Type = e.Type, Object = ToProto(e.Object) };

    public static ApiWatchEvent FromProto(Proto.WatchEvent e) => new(e.Type, FromProto(e.Object));

    public static ByteString StatusBytes(V1Status? status) => status is null ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(ApiJson.Serialize(status));

    public static V1Status? StatusFrom(ByteString bytes) => bytes.IsEmpty ? null : ApiJson.Deserialize<V1Status>(bytes.Span);

    private static Proto.Object ToProto(ApiObject value)
    {
        var (apiVersion, kind) = value.Type == typeof(CustomObject) ? (((CustomObject)value.Value).ApiVersion, ((CustomObject)value.Value).Kind) : ModelTypes.Of(value.Type);
        return new Proto.Object { ApiVersion = apiVersion, Kind = kind, Json = Bytes(value.Json) };
    }

    private static ApiObject FromProto(Proto.Object value)
    {
        if (ModelTypes.Find(value.ApiVersion, value.Kind) is { } type)
            return new ApiObject(value.Json.Memory, type);
        return value.ApiVersion.Length > 0 ? new ApiObject(value.Json.Memory, typeof(CustomObject)) : new ApiObject(JsonNode.Parse(value.Json.Span)!, value.Json.Memory);
    }

    // Messages are written at once and their parts never changed, so the bytes can be shared.
    private static ByteString Bytes(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes);
}
