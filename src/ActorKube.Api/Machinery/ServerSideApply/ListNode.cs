using System.Collections;
using System.Globalization;
using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// A list. The items of a <c>map</c> list or a set are matched by what tells them apart; where that is the same in both lists item by item,
/// as it nearly always is, nothing has to be looked up.
/// </summary>
internal sealed class ListNode(IListSchema schema, ModelNode element) : ModelNode
{
    private const int MaxQuadratic = 12;

    private ModelField?[]? _keys;

    public override bool IsNothing(object value) => ((ICollection)value).Count == 0;

    public override Difference Compare(object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below)
    {
        var (a, b) = ((IList?)left, (IList?)right);
        if (schema.IsAtomic || (a is null or { Count: 0 } && b is null or { Count: 0 }))
        {
            return Leaf(left, right, leftThere, rightThere);
        }

        if (a is not null && b is not null && SameOrder(a, b))
        {
            for (var i = 0; i < a.Count; i++)
            {
                CompareItem(null, a[i], b[i], leftThere: true, rightThere: true, ref below);
            }
        }
        else
        {
            CompareItems(a, b, ref below);
        }

        return Branch(leftThere, rightThere);
    }

    public override bool Same(object? left, object? right)
    {
        var (a, b) = ((IList?)left, (IList?)right);
        if ((a?.Count ?? 0) != (b?.Count ?? 0))
        {
            return false;
        }

        for (var i = 0; i < a?.Count; i++)
        {
            if (!element.Same(a[i], b![i]))
            {
                return false;
            }
        }

        return true;
    }

    private void CompareItem(PathElement? step, object? left, object? right, bool leftThere, bool rightThere, ref ComparisonBuilder below)
    {
        ComparisonBuilder child = default;
        var difference = element.Compare(left, right, leftThere, rightThere, ref child);
        if ((difference != Difference.None || !child.IsEmpty) && (step ?? StepOf((leftThere ? left : right)!)) is { } at)
        {
            below.Add(at, difference, child);
        }
    }

    private void CompareItems(IList? a, IList? b, ref ComparisonBuilder below)
    {
        var (had, has) = (ItemGroups.Of(a, StepOf), ItemGroups.Of(b, StepOf));
        foreach (var (step, before) in had)
        {
            var after = has.GetValueOrDefault(step);
            switch (before.Count, after?.Count ?? 0)
            {
                case (1, 0 or 1):
                    CompareItem(step, before[0], after?[0], leftThere: true, rightThere: after is not null, ref below);
                    break;
                case (> 1, > 1):
                    if (before.Count != after!.Count || before.Where((item, i) => !element.Same(item, after[i])).Any())
                    {
                        below.Add(step, Difference.Modified, default);
                    }

                    break;
                case (> 1, var count):
                    if (count == 1)
                    {
                        CompareItem(step, null, after![0], leftThere: false, rightThere: true, ref below);
                    }

                    below.Add(step, Difference.Removed, default);
                    break;
                default:
                    CompareItem(step, before[0], null, leftThere: true, rightThere: false, ref below);
                    below.Add(step, Difference.Added, default);
                    break;
            }
        }

        foreach (var (step, after) in has)
        {
            if (had.ContainsKey(step))
            {
                continue;
            }

            if (after.Count == 1)
            {
                CompareItem(step, null, after[0], leftThere: false, rightThere: true, ref below);
            }
            else
            {
                below.Add(step, Difference.Added, default);
            }
        }
    }

    // Whether both lists have the same different items in the same order.
    private bool SameOrder(IList a, IList b)
    {
        if (a.Count != b.Count || a.Count > MaxQuadratic)
        {
            return false;
        }

        for (var i = 0; i < a.Count; i++)
        {
            if (a[i] is null || b[i] is null || !SameItem(a[i]!, b[i]!))
            {
                return false;
            }

            for (var j = 0; j < i; j++)
            {
                if (SameItem(a[i]!, a[j]!))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool SameItem(object a, object b)
    {
        if (schema.Keys.Count == 0)
        {
            return a.Equals(b);
        }

        foreach (var key in Keys(a))
        {
            if (key is not null && !key.SameKey(a, b))
            {
                return false;
            }
        }

        return true;
    }

    private ModelField?[] Keys(object item) => _keys ??= [.. schema.Keys.Select(k => Array.Find(ModelSchema.Of(item.GetType()).Fields, f => f.Name == k))];

    // Null for an item that nothing tells apart from others: it belongs to nobody.
    private PathElement? StepOf(object item)
    {
        if (schema.Keys.Count == 0)
        {
            return PathElement.Member(ValueOf(item));
        }

        var keys = new List<KeyValuePair<string, FieldValue>>(schema.Keys.Count);
        foreach (var key in Keys(item))
        {
            if (key is null)
            {
                continue;
            }

            var value = key.Read(item);
            if (value is not null && !(value is "" && key.Declaration.Default is not null))
            {
                keys.Add(new(key.Name, ValueOf(value)));
            }
            else if (key.Declaration.Default is { } given)
            {
                keys.Add(new(key.Name, FieldValue.Of(given)));
            }
        }

        return keys.Count == 0 ? null : PathElement.Key([.. keys]);
    }

    private static FieldValue ValueOf(object value) => value switch
    {
        string text => FieldValue.Of(text),
        int number => FieldValue.Of((long)number),
        long number => FieldValue.Of(number),
        bool flag => FieldValue.Of(flag),
        double number => FieldValue.Of(number),
        IntOrString either => long.TryParse(either.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? FieldValue.Of(number) : FieldValue.Of(either.Value),
        _ => FieldValue.Of(JsonTree.Parse(ApiJson.Serialize(value))),
    };
}

/// <summary>Items of a list by what tells them apart.</summary>
internal static class ItemGroups
{
    public static Dictionary<PathElement, List<object>> Of(IList? list, Func<object, PathElement?> stepOf)
    {
        var groups = new Dictionary<PathElement, List<object>>();
        foreach (var item in list ?? Array.Empty<object>())
        {
            if (item is not null && stepOf(item) is { } step)
            {
                if (!groups.TryGetValue(step, out var items))
                {
                    groups[step] = items = [];
                }

                items.Add(item);
            }
        }

        return groups;
    }
}
