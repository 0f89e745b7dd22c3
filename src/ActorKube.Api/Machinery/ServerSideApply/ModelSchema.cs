using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// The schema of a model class, from its properties and the tables of list semantics and field presence. Made once per class.
/// </summary>
public sealed class ModelSchema : IFieldSchema, IMapSchema
{
    private static readonly ConcurrentDictionary<Type, ModelSchema> Known = new();

    private readonly Type _type;
    private readonly string? _definition;
    private readonly Lazy<ModelField[]> _fields;
    private readonly ConcurrentDictionary<string, ModelField?> _byName = new(StringComparer.Ordinal);

    private ModelSchema(Type type)
    {
        _type = type;
        _definition = ModelDefinitions.NameOf(type);
        IsAtomic = _definition is not null && FieldPresence.IsAtomic(_definition);
        _fields = new(Load);
        Node = new StructNode(this);
    }

    /// <inheritdoc/>
    public ScalarKind? Scalar => null;

    /// <inheritdoc/>
    public IListSchema? List => null;

    /// <inheritdoc/>
    public IMapSchema Map => this;

    /// <inheritdoc/>
    public bool IsAtomic { get; }

    /// <inheritdoc/>
    public IFieldSchema? Element => null;

    /// <summary>The fields in the order of their names.</summary>
    internal ModelField[] Fields => _fields.Value;

    /// <summary>Compares objects of the class.</summary>
    internal StructNode Node { get; }

    /// <summary>The schema of a model class.</summary>
    public static ModelSchema Of(Type type) => Known.TryGetValue(type, out var schema) ? schema : Known.GetOrAdd(type, static t => new ModelSchema(t));

    /// <inheritdoc/>
    public bool TryGetField(string name, [NotNullWhen(true)] out FieldDeclaration? field)
    {
        if (!_byName.TryGetValue(name, out var known))
        {
            known = Array.Find(Fields, f => f.Name == name);
            if (known is not null)
            {
                _byName[name] = known;
            }
        }

        field = known?.Declaration;
        return field is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => _definition ?? _type.Name;

    private ModelField[] Load() => [.. TypeShape.Of(_type).Fields.Values.OrderBy(f => f.Name, StringComparer.Ordinal).Select(Declare)];

    private ModelField Declare(FieldShape field)
    {
        var semantics = _definition is null ? null : ListSemantics.Of(_definition, field.Name);
        var presence = _definition is null ? null : FieldPresence.Of(_definition, field.Name);
        var (schema, node) = Build(field.Clr.PropertyType, semantics);
        var given = presence is { Default.Length: > 0 } ? JsonNode.Parse(presence.Default)
            : presence?.Presence == Presence.Always && schema.Scalar is { } scalar ? Zero(scalar)
            : null;
        var declaration = new FieldDeclaration(field.Name, schema, given) { AlwaysPresent = presence?.Presence == Presence.Always };
        return ModelField.Of(declaration, field.Clr, node, presence?.Presence ?? Presence.WhenGiven);
    }

    private static (IFieldSchema Schema, ModelNode Node) Build(Type type, ListSemantics? semantics)
    {
        var shape = TypeShape.Of(type);
        switch (shape.Kind)
        {
            case ShapeKind.Struct:
                var of = Of(shape.Clr);
                return of.IsAtomic && semantics?.MapType == "granular" ? (new Granular(of), new StructNode(of, isAtomic: false)) : (of, of.Node);
            case ShapeKind.List:
                var (element, elementNode) = Build(shape.Element!.Clr, null);
                var list = ListOf(element, semantics);
                return (list, new ListNode(list.List!, elementNode));
            case ShapeKind.Map:
                var (value, valueNode) = Build(shape.Element!.Clr, null);
                var map = FieldSchema.MapOf(value, semantics?.MapType == "atomic");
                return (map, MapNode.Of(type, map.Map!.IsAtomic, valueNode));
            case ShapeKind.Any:
                return (FieldSchema.UntypedAtomic, AnyNode.Instance);
            default:
                var scalar = shape.Kind switch
                {
                    ShapeKind.Bool => FieldSchema.Boolean,
                    ShapeKind.Int32 or ShapeKind.Int64 or ShapeKind.Double => FieldSchema.Numeric,
                    ShapeKind.Quantity or ShapeKind.IntOrString or ShapeKind.Time => FieldSchema.Untyped,
                    _ => FieldSchema.String,
                };
                return (scalar, ScalarNode.Instance);
        }
    }

    // A list that says nothing of itself to server-side apply is what it is to a strategic merge patch.
    private static FieldSchema ListOf(IFieldSchema element, ListSemantics? semantics) => semantics switch
    {
        { ListType: "map" } => FieldSchema.MapList(element, semantics.MapKeys),
        { ListType: "set" } => FieldSchema.Set(element),
        { ListType: "", PatchMergeKey.Length: > 0 } when semantics.PatchStrategy.Contains("merge", StringComparison.Ordinal) => FieldSchema.MapList(element, [semantics.PatchMergeKey]),
        { ListType: "" } when semantics.PatchStrategy.Contains("merge", StringComparison.Ordinal) => FieldSchema.Set(element),
        _ => FieldSchema.AtomicList(element),
    };

    private static JsonNode Zero(ScalarKind kind) => kind switch
    {
        ScalarKind.Numeric => JsonValue.Create(0),
        ScalarKind.Boolean => JsonValue.Create(false),
        _ => JsonValue.Create(""),
    };

    // A struct that is atomic everywhere but here.
    private sealed class Granular(ModelSchema of) : IFieldSchema, IMapSchema
    {
        public ScalarKind? Scalar => null;

        public IListSchema? List => null;

        public IMapSchema Map => this;

        public bool IsAtomic => false;

        public IFieldSchema? Element => null;

        public bool TryGetField(string name, [NotNullWhen(true)] out FieldDeclaration? field) => of.TryGetField(name, out field);
    }
}
