using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// What server-side apply must know of a type: which forms a value may have, and how the parts of each are owned. A type may allow several
/// forms at once (an untyped value allows all three); the value that is there decides which one counts.
/// Model classes have one by reflection; a custom resource builds a <see cref="FieldSchema"/> from its structural schema
/// (<c>x-kubernetes-list-type</c>, <c>-list-map-keys</c>, <c>-map-type</c>, <c>-preserve-unknown-fields</c>).
/// An implementation may be recursive, so it must resolve its parts when they are asked for, and must be immutable.
/// </summary>
public interface IFieldSchema
{
    /// <summary>The plain values allowed here; null when none are.</summary>
    ScalarKind? Scalar { get; }

    /// <summary>How a list here is owned; null when none is allowed.</summary>
    IListSchema? List { get; }

    /// <summary>How a map or struct here is owned; null when none is allowed.</summary>
    IMapSchema? Map { get; }
}

/// <summary>How a list is owned.</summary>
public interface IListSchema
{
    /// <summary>Owned as a whole: <c>x-kubernetes-list-type: atomic</c>, which is also what a list without a type is.</summary>
    bool IsAtomic { get; }

    /// <summary>Fields that tell the items of a <c>map</c> list apart; empty for a <c>set</c> and for an atomic list.</summary>
    IReadOnlyList<string> Keys { get; }

    /// <summary>Type of the items.</summary>
    IFieldSchema Element { get; }
}

/// <summary>How a map or struct is owned.</summary>
public interface IMapSchema
{
    /// <summary>Owned as a whole: <c>x-kubernetes-map-type: atomic</c>.</summary>
    bool IsAtomic { get; }

    /// <summary>Type of the values whose names are no declared fields; null when there may be none, as in a struct.</summary>
    IFieldSchema? Element { get; }

    /// <summary>A declared field.</summary>
    bool TryGetField(string name, [NotNullWhen(true)] out FieldDeclaration? field);
}

/// <summary>A declared field of a struct.</summary>
/// <param name="Name">Its JSON name.</param>
/// <param name="Schema">Its type.</param>
/// <param name="Default">What it is when it is not given; only the keys of <c>map</c> lists need it, such as <c>protocol: TCP</c>. Null for no default.</param>
public sealed record FieldDeclaration(string Name, IFieldSchema Schema, JsonNode? Default = null)
{
    /// <summary>
    /// Whether the field is there even when it is not given, as an empty struct or a zero value, because that is how Kubernetes' own classes are made:
    /// a Deployment always has a <c>spec.strategy</c>. Nobody owns such a field for having brought it into being. Never for custom resources.
    /// </summary>
    public bool AlwaysPresent { get; init; }
}

/// <summary>Kinds of plain values.</summary>
public enum ScalarKind
{
    /// <summary>A number, with or without fraction.</summary>
    Numeric,

    /// <summary>Text.</summary>
    String,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Any of them, such as an integer or text.</summary>
    Untyped,
}
