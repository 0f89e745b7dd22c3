using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>What a JSON value must look like.</summary>
public enum ShapeKind
{
    /// <summary>An object with known fields.</summary>
    Struct,

    /// <summary>An array.</summary>
    List,

    /// <summary>An object with free keys.</summary>
    Map,

    /// <summary>Text.</summary>
    String,

    /// <summary>True or false.</summary>
    Bool,

    /// <summary>A 32-bit integer.</summary>
    Int32,

    /// <summary>A 64-bit integer.</summary>
    Int64,

    /// <summary>A number.</summary>
    Double,

    /// <summary>Base64 text.</summary>
    Bytes,

    /// <summary>RFC 3339 text.</summary>
    Time,

    /// <summary>A quantity, as text or number.</summary>
    Quantity,

    /// <summary>An integer or text.</summary>
    IntOrString,

    /// <summary>Anything.</summary>
    Any,
}

/// <summary>One field of a struct: its JSON name, its shape, and how strategic merge patch treats it.</summary>
/// <param name="Name">JSON name.</param>
/// <param name="Index">Position in the struct, for telling fields seen twice.</param>
/// <param name="Clr">The property of the model class.</param>
/// <param name="Merge">Lists: elements are merged, not replaced.</param>
/// <param name="RetainKeys">A patch may name the keys that stay.</param>
/// <param name="MergeKey">Field that tells elements apart; empty for lists of plain values.</param>
public sealed record FieldShape(string Name, int Index, PropertyInfo Clr, bool Merge, bool RetainKeys, string MergeKey)
{
    private TypeShape? _shape;

    /// <summary>Shape of the value. Resolved on first use, since types contain themselves.</summary>
    public TypeShape Shape => _shape ??= TypeShape.Of(Clr.PropertyType);

    /// <summary>Whether the model cannot hold null here.</summary>
    public bool IsNotNullable { get; } = Clr.PropertyType.IsValueType && Nullable.GetUnderlyingType(Clr.PropertyType) is null;
}

/// <summary>
/// The JSON shape of a model class, found by reflection once per type: fields by JSON name, and the list semantics of
/// <c>Kinds/list-semantics.tsv</c>. Strict decoding and strategic merge patch both walk it.
/// </summary>
public sealed partial class TypeShape
{
    private static readonly ConcurrentDictionary<Type, TypeShape> Cache = new();

    private readonly Lazy<FrozenDictionary<string, FieldShape>> _fields;

    private TypeShape(Type clr)
    {
        Clr = clr;
        Kind = KindOf(clr);
        var (version, name) = GoNameOf(clr);
        GoName = name;
        Version = version;
        _fields = new(LoadFields);
        Element = Kind switch
        {
            ShapeKind.List => Of(clr.GetGenericArguments()[0]),
            ShapeKind.Map => Of(clr.GetGenericArguments()[1]),
            _ => null,
        };
    }

    /// <summary>What JSON is expected.</summary>
    public ShapeKind Kind { get; }

    /// <summary>The model class.</summary>
    public Type Clr { get; }

    /// <summary>Shape of a list's elements or a map's values.</summary>
    public TypeShape? Element { get; }

    /// <summary>The struct's name in Kubernetes' own source, such as <c>DeploymentSpec</c>; error messages carry it.</summary>
    public string GoName { get; }

    /// <summary>API version of a struct, such as <c>v1</c>.</summary>
    public string Version { get; }

    /// <summary>Fields of a struct by JSON name.</summary>
    public FrozenDictionary<string, FieldShape> Fields => _fields.Value;

    /// <summary>The type as Kubernetes' error messages name it, such as <c>int32</c> or <c>[]v1.Container</c>.</summary>
    public string GoType => Kind switch
    {
        ShapeKind.Struct => $"{Version}.{GoName}",
        ShapeKind.List => "[]" + Element!.GoType,
        ShapeKind.Map => "map[string]" + Element!.GoType,
        ShapeKind.Bool => "bool",
        ShapeKind.Int32 or ShapeKind.IntOrString => "int32",
        ShapeKind.Int64 => "int64",
        ShapeKind.Double => "float64",
        ShapeKind.Bytes => "[]uint8",
        ShapeKind.Quantity => "resource.Quantity",
        _ => "string",
    };

    /// <summary>The shape of a model class or of a property's type.</summary>
    public static TypeShape Of(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return Cache.TryGetValue(type, out var shape) ? shape : Cache.GetOrAdd(type, static t => new TypeShape(t));
    }

    /// <inheritdoc/>
    public override string ToString() => GoType;

    private static ShapeKind KindOf(Type type)
    {
        if (type.IsGenericType)
        {
            var definition = type.GetGenericTypeDefinition();
            if (definition == typeof(IDictionary<,>) || definition == typeof(Dictionary<,>))
            {
                return ShapeKind.Map;
            }

            if (definition == typeof(IList<>) || definition == typeof(List<>) || definition == typeof(IEnumerable<>))
            {
                return ShapeKind.List;
            }
        }

        return type switch
        {
            _ when type == typeof(string) => ShapeKind.String,
            _ when type == typeof(bool) => ShapeKind.Bool,
            _ when type == typeof(int) => ShapeKind.Int32,
            _ when type == typeof(long) => ShapeKind.Int64,
            _ when type == typeof(double) => ShapeKind.Double,
            _ when type == typeof(byte[]) => ShapeKind.Bytes,
            _ when type == typeof(DateTime) || type == typeof(DateTimeOffset) => ShapeKind.Time,
            _ when type == typeof(ResourceQuantity) => ShapeKind.Quantity,
            _ when type == typeof(IntOrString) => ShapeKind.IntOrString,
            _ when type == typeof(object) || type.Namespace == "System.Text.Json" || type.Namespace == "System.Text.Json.Nodes" => ShapeKind.Any,
            _ => ShapeKind.Struct,
        };
    }

    private FrozenDictionary<string, FieldShape> LoadFields()
    {
        var fields = new Dictionary<string, FieldShape>(StringComparer.Ordinal);
        if (Kind == ShapeKind.Struct)
        {
            var definition = ModelDefinitions.NameOf(Clr);
            foreach (var property in Clr.GetProperties(BindingFlags.Public | BindingFlags.Instance))
            {
                if (property.GetCustomAttribute<JsonPropertyNameAttribute>() is { } name && property.GetCustomAttribute<JsonIgnoreAttribute>() is null or { Condition: not JsonIgnoreCondition.Always }
                    && !PublishedFields.IsNewer(Clr, name.Name))
                {
                    var semantics = definition is null ? null : ListSemantics.Of(definition, name.Name);
                    var strategy = semantics?.PatchStrategy.Split(',') ?? [];
                    fields[name.Name] = new FieldShape(
                        name.Name, fields.Count, property, strategy.Contains("merge"), strategy.Contains("retainKeys"), semantics?.PatchMergeKey ?? "");
                }
            }
        }

        return fields.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static (string Version, string Name) GoNameOf(Type type)
    {
        var match = ModelName().Match(type.Name);
        return match.Success ? (match.Groups["version"].Value.ToLowerInvariant(), match.Groups["name"].Value) : ("v1", type.Name);
    }

    /// <summary>A model's name: <c>V1PodSpec</c>, or with its group where two groups use one name, <c>Corev1EventSeries</c>.</summary>
    [GeneratedRegex("^([A-Z][a-z]*?)?(?<version>[Vv][0-9]+((alpha|beta)[0-9]+)?)(?<name>[A-Z].*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex ModelName();
}
