using k8s;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>
/// An object together with its JSON. Either half is made from the other at most once and shared by everybody who reads it,
/// so neither may be changed. The JSON carries apiVersion, kind and resourceVersion.
/// </summary>
public sealed class ApiObject
{
    private readonly Type? _type;
    private object? _value;
    private ReadOnlyMemory<byte>? _json;
    private byte[]? _protobuf;

    /// <summary>From an object; the JSON is made when somebody asks.</summary>
    public ApiObject(object value) => _value = value;

    /// <summary>From JSON of the class; the object is made when somebody asks.</summary>
    public ApiObject(ReadOnlyMemory<byte> json, Type type) => (_json, _type) = (json, type);

    /// <summary>From both halves.</summary>
    public ApiObject(object value, ReadOnlyMemory<byte> json) => (_value, _json) = (value, json);

    /// <summary>The object. Shared: read only.</summary>
    public object Value => _value ??= ApiJson.Deserialize(_type!, _json!.Value.Span);

    /// <summary>The object's class, known without making the object.</summary>
    public Type Type => _type ?? _value!.GetType();

    /// <summary>The object's UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Json => _json ??= ApiJson.Serialize(_value!);

    /// <summary>The object's message in the Kubernetes protobuf encoding, made by the function when somebody asks first.</summary>
    public ReadOnlyMemory<byte> Protobuf(Func<object, byte[]> encode) => _protobuf ??= encode(Value);

    /// <summary>The object's metadata.</summary>
    public V1ObjectMeta Metadata => ((IMetadata<V1ObjectMeta>)Value).Metadata;

    /// <summary>The object as its class. Shared: read only.</summary>
    public T As<T>() => (T)Value;
}
