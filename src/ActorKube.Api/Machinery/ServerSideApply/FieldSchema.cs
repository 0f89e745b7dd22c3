using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>A schema that is put together from its parts.</summary>
public sealed class FieldSchema : IFieldSchema
{
    private FieldSchema(ScalarKind? scalar, IListSchema? list, IMapSchema? map) => (Scalar, List, Map) = (scalar, list, map);

    /// <summary>Text.</summary>
    public static FieldSchema String { get; } = new(ScalarKind.String, null, null);

    /// <summary>A number.</summary>
    public static FieldSchema Numeric { get; } = new(ScalarKind.Numeric, null, null);

    /// <summary>True or false.</summary>
    public static FieldSchema Boolean { get; } = new(ScalarKind.Boolean, null, null);

    /// <summary>Any plain value, such as a quantity or an integer-or-text.</summary>
    public static FieldSchema Untyped { get; } = new(ScalarKind.Untyped, null, null);

    /// <summary>Anything, owned as a whole: the items of lists of which nothing is known.</summary>
    public static FieldSchema UntypedAtomic { get; } = Recursive(self => new(ScalarKind.Untyped, new ListSchema(true, [], self), new MapSchema(true, null, self)));

    /// <summary>Anything, of which nothing is known: maps by their keys, lists as a whole. What <c>x-kubernetes-preserve-unknown-fields</c> allows, and a kind without a schema.</summary>
    public static FieldSchema Deduced { get; } = Recursive(self => new(ScalarKind.Untyped, new ListSchema(true, [], UntypedAtomic), new MapSchema(false, null, self)));

    /// <inheritdoc/>
    public ScalarKind? Scalar { get; private set; }

    /// <inheritdoc/>
    public IListSchema? List { get; private set; }

    /// <inheritdoc/>
    public IMapSchema? Map { get; private set; }

    /// <summary>A list that is owned as a whole.</summary>
    public static FieldSchema AtomicList(IFieldSchema element) => new(null, new ListSchema(true, [], element), null);

    /// <summary>A list of different plain values, each owned on its own.</summary>
    public static FieldSchema Set(IFieldSchema element) => new(null, new ListSchema(false, [], element), null);

    /// <summary>A list of structs that keys tell apart, each owned on its own.</summary>
    public static FieldSchema MapList(IFieldSchema element, IReadOnlyList<string> keys) => new(null, new ListSchema(false, keys, element), null);

    /// <summary>A map with free keys.</summary>
    public static FieldSchema MapOf(IFieldSchema element, bool atomic = false) => new(null, null, new MapSchema(atomic, null, element));

    /// <summary>A struct.</summary>
    /// <param name="fields">Its declared fields.</param>
    /// <param name="unknown">Type of other fields; null when they are not allowed.</param>
    /// <param name="atomic">Whether it is owned as a whole.</param>
    public static FieldSchema Struct(IEnumerable<FieldDeclaration> fields, IFieldSchema? unknown = null, bool atomic = false) =>
        new(null, null, new MapSchema(atomic, fields.ToFrozenDictionary(f => f.Name, StringComparer.Ordinal), unknown));

    // The type refers to itself, so its parts are set after it exists.
    private static FieldSchema Recursive(Func<FieldSchema, FieldSchema> parts)
    {
        var self = new FieldSchema(null, null, null);
        var built = parts(self);
        (self.Scalar, self.List, self.Map) = (built.Scalar, built.List, built.Map);
        return self;
    }

    private sealed record ListSchema(bool IsAtomic, IReadOnlyList<string> Keys, IFieldSchema Element) : IListSchema;

    private sealed record MapSchema(bool IsAtomic, FrozenDictionary<string, FieldDeclaration>? Fields, IFieldSchema? Element) : IMapSchema
    {
        public bool TryGetField(string name, [NotNullWhen(true)] out FieldDeclaration? field)
        {
            field = null;
            return Fields is not null && Fields.TryGetValue(name, out field);
        }
    }
}
