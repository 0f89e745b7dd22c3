using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Quota;

/// <summary>Arithmetic on amounts of several resources: <c>cpu</c>, <c>memory</c>, <c>pods</c>…</summary>
public static class ResourceAmounts
{
    /// <summary>The amounts of a model's list; empty for null.</summary>
    public static Dictionary<string, Quantity> From(IDictionary<string, ResourceQuantity>? list)
    {
        var amounts = new Dictionary<string, Quantity>(list?.Count ?? 0, StringComparer.Ordinal);
        foreach (var (name, quantity) in list ?? new Dictionary<string, ResourceQuantity>())
        {
            amounts[name] = Quantity.From(quantity);
        }

        return amounts;
    }

    /// <summary>As the models hold them.</summary>
    public static Dictionary<string, ResourceQuantity> ToModel(IEnumerable<KeyValuePair<string, Quantity>> amounts) =>
        amounts.ToDictionary(a => a.Key, a => a.Value.ToResourceQuantity(), StringComparer.Ordinal);

    /// <summary>Adds amounts to others, name by name.</summary>
    public static void Add(Dictionary<string, Quantity> into, IEnumerable<KeyValuePair<string, Quantity>> more)
    {
        foreach (var (name, amount) in more)
        {
            into[name] = into.TryGetValue(name, out var had) ? had + amount : amount;
        }
    }

    /// <summary>Raises amounts to at least others, name by name.</summary>
    public static void Raise(Dictionary<string, Quantity> into, IEnumerable<KeyValuePair<string, Quantity>> atLeast)
    {
        foreach (var (name, amount) in atLeast)
        {
            if (!into.TryGetValue(name, out var had) || had < amount)
            {
                into[name] = amount;
            }
        }
    }

    /// <summary>Sorted by name, as messages show them: <c>pods=1,requests.cpu=500m</c>.</summary>
    public static string Text(IEnumerable<KeyValuePair<string, Quantity>> amounts) =>
        string.Join(',', amounts.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={a.Value}"));
}
