using System.Text.Json.Nodes;
using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Compares two values of one kind. A value can be there though it is null: an empty struct or list, or a zero.</summary>
internal abstract class ModelNode
{
    /// <summary>Whether a value of this kind is left out of JSON: an empty list or map.</summary>
    public virtual bool IsNothing(object value) => false;

    /// <summary>Compares; at least one of the two is there.</summary>
    public abstract Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below);

    /// <summary>Whether both are equal as a whole.</summary>
    public abstract bool Same(object? left, object? right);

    protected Difference Leaf(object? left, object? right, bool leftThere, bool rightThere) =>
        !leftThere ? Difference.Added : !rightThere ? Difference.Removed : Same(left, right) ? Difference.None : Difference.Modified;

    protected static Difference Branch(bool leftThere, bool rightThere) => !leftThere ? Difference.Added : !rightThere ? Difference.Removed : Difference.None;
}

/// <summary>Text, quantities and other plain values of a class.</summary>
internal sealed class ScalarNode : ModelNode
{
    public static ScalarNode Instance { get; } = new();

    public override Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below) => Leaf(left, right, leftThere, rightThere);

    public override bool Same(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        (string a, null) => a.Length == 0,
        (null, string b) => b.Length == 0,
        (null, null) => true,
        (null, _) or (_, null) => false,
        (ResourceQuantity a, ResourceQuantity b) => a.ToString() == b.ToString() || Quantity.From(a) == Quantity.From(b),
        (IntOrString a, IntOrString b) => a.Value == b.Value,
        (byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b),
        _ => left.Equals(right),
    };
}

/// <summary>Values of which nothing is known: owned as a whole, and compared as JSON.</summary>
internal sealed class AnyNode : ModelNode
{
    public static AnyNode Instance { get; } = new();

    public override Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below) => Leaf(left, right, leftThere, rightThere);

    public override bool Same(object? left, object? right) => JsonNode.DeepEquals(Json(left), Json(right));

    private static JsonNode? Json(object? value) => value is null ? null : JsonTree.Parse(ApiJson.Serialize(value));
}

/// <summary>A struct.</summary>
internal sealed class StructNode(ModelSchema schema, bool? isAtomic = null) : ModelNode
{
    private readonly bool _isAtomic = isAtomic ?? schema.IsAtomic;

    public override Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below)
    {
        if (_isAtomic)
        {
            return Leaf(left, right, leftThere, rightThere);
        }

        if (IsEmpty(left, leftThere) && IsEmpty(right, rightThere))
        {
            return Branch(leftThere, rightThere);
        }

        foreach (var field in schema.Fields)
        {
            ComparisonBuilder child = default;
            var difference = field.Compare(left, right, leftThere, rightThere, ref child);
            if (difference != Difference.None || !child.IsEmpty)
            {
                below.Add(field.Step, difference, child);
            }
        }

        return Branch(leftThere, rightThere);
    }

    public override bool Same(object? left, object? right)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        foreach (var field in schema.Fields)
        {
            ComparisonBuilder child = default;
            if (field.Compare(left, right, leftThere: true, rightThere: true, ref child) != Difference.None || !child.IsEmpty)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsEmpty(object? value, bool isThere)
    {
        if (isThere)
        {
            foreach (var field in schema.Fields)
            {
                if (field.IsThere(value))
                {
                    return false;
                }
            }
        }

        return true;
    }
}

/// <summary>A map with free keys.</summary>
internal abstract class MapNode : ModelNode
{
    public static ModelNode Of(Type type, bool isAtomic, ModelNode value) =>
        (ModelNode)Activator.CreateInstance(typeof(MapNode<>).MakeGenericType(type.GetGenericArguments()[1]), isAtomic, value)!;
}

/// <summary>A map with free keys and values of one class.</summary>
internal sealed class MapNode<T>(bool isAtomic, ModelNode value) : MapNode
{
    public override bool IsNothing(object value) => ((IDictionary<string, T>)value).Count == 0;

    public override Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below)
    {
        var (a, b) = ((IDictionary<string, T>?)left, (IDictionary<string, T>?)right);
        if (isAtomic || (a is null or { Count: 0 } && b is null or { Count: 0 }))
        {
            return Leaf(left, right, leftThere, rightThere);
        }

        foreach (var (key, item) in b ?? new Dictionary<string, T>())
        {
            ComparisonBuilder child = default;
            var had = a is not null && a.TryGetValue(key, out var before) ? (There: true, Value: before) : (There: false, Value: default);
            var difference = value.Compare(had.Value, item, had.There, rightThere: true, ref child);
            if (difference != Difference.None || !child.IsEmpty)
            {
                below.Add(PathElement.Field(key), difference, child);
            }
        }

        foreach (var (key, item) in a ?? new Dictionary<string, T>())
        {
            if (b is null || !b.ContainsKey(key))
            {
                ComparisonBuilder child = default;
                below.Add(PathElement.Field(key), value.Compare(item, null, leftThere: true, rightThere: false, ref child), child);
            }
        }

        return Branch(leftThere, rightThere);
    }

    public override bool Same(object? left, object? right)
    {
        var (a, b) = ((IDictionary<string, T>?)left, (IDictionary<string, T>?)right);
        if ((a?.Count ?? 0) != (b?.Count ?? 0))
        {
            return false;
        }

        foreach (var (key, item) in a ?? new Dictionary<string, T>())
        {
            if (!b!.TryGetValue(key, out var other) || !value.Same(item, other))
            {
                return false;
            }
        }

        return true;
    }
}
