using System.Collections;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>
/// Whether two models mean the same: an empty list or map is as good as none, quantities compare by amount, and the order of a map's entries does not matter.
/// </summary>
public static class SemanticEquality
{
    /// <summary>Compares two values of one type.</summary>
    public static bool Equal(object? left, object? right)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        var type = (left ?? right)!.GetType();
        return left is not null && right is not null && left.GetType() != right.GetType() && left is not IEnumerable
            ? false
            : Equal(left, right, TypeShape.Of(Declared(type)));
    }

    private static bool Equal(object? left, object? right, TypeShape shape)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        switch (shape.Kind)
        {
            case ShapeKind.List:
                return ListsEqual(left as IEnumerable, right as IEnumerable, shape.Element!);
            case ShapeKind.Map:
                return MapsEqual(left, right, shape.Element!);
        }

        if (left is null || right is null)
        {
            return false;
        }

        return shape.Kind switch
        {
            ShapeKind.Struct => StructsEqual(left, right, shape),
            ShapeKind.Quantity => Quantity.From((ResourceQuantity)left) == Quantity.From((ResourceQuantity)right),
            ShapeKind.IntOrString => ((IntOrString)left).Value == ((IntOrString)right).Value,
            ShapeKind.Bytes => ((byte[])left).AsSpan().SequenceEqual((byte[])right),
            ShapeKind.Time => ((DateTime)left).ToUniversalTime() == ((DateTime)right).ToUniversalTime(),
            ShapeKind.Any => System.Text.Json.Nodes.JsonNode.DeepEquals(JsonTree.Parse(ApiJson.Serialize(left)), JsonTree.Parse(ApiJson.Serialize(right))),
            _ => left.Equals(right),
        };
    }

    private static bool StructsEqual(object left, object right, TypeShape shape)
    {
        foreach (var field in shape.Fields.Values)
        {
            if (!Equal(field.Clr.GetValue(left), field.Clr.GetValue(right), field.Shape))
            {
                return false;
            }
        }

        return true;
    }

    private static bool ListsEqual(IEnumerable? left, IEnumerable? right, TypeShape element)
    {
        var a = (left ?? Array.Empty<object>()).GetEnumerator();
        var b = (right ?? Array.Empty<object>()).GetEnumerator();
        while (true)
        {
            var (more, other) = (a.MoveNext(), b.MoveNext());
            if (more != other)
            {
                return false;
            }

            if (!more)
            {
                return true;
            }

            if (!Equal(a.Current, b.Current, element))
            {
                return false;
            }
        }
    }

    private static bool MapsEqual(object? left, object? right, TypeShape element)
    {
        // The models' maps are all Dictionary<string, T> when they come from JSON, but any IDictionary<string, T> may be set.
        var (a, b) = (Entries(left), Entries(right));
        return a.Count == b.Count && a.All(entry => b.TryGetValue(entry.Key, out var other) && Equal(entry.Value, other, element));
    }

    private static Dictionary<string, object?> Entries(object? map)
    {
        var entries = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (map is IDictionary plain)
        {
            foreach (DictionaryEntry entry in plain)
            {
                entries[(string)entry.Key] = entry.Value;
            }
        }
        else if (map is not null)
        {
            throw new ArgumentException($"{map.GetType()} is not a dictionary that can be enumerated without its type");
        }

        return entries;
    }

    /// <summary>The interface a list or map was declared by; a List&lt;string&gt; and a string[] are both an IList&lt;string&gt;.</summary>
    private static Type Declared(Type type)
    {
        if (type == typeof(string) || type == typeof(byte[]))
        {
            return type;
        }

        foreach (var contract in type.GetInterfaces())
        {
            if (contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IDictionary<,>))
            {
                return contract;
            }
        }

        foreach (var contract in type.GetInterfaces())
        {
            if (contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IList<>))
            {
                return contract;
            }
        }

        return type;
    }
}
