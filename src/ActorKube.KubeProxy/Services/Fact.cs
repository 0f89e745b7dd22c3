namespace ActorKube.KubeProxy.Services;

/// <summary>
/// One thing that must be in the packet filter's table: an element of a set or map, or a chain or set that belongs to one Service alone.
/// </summary>
/// <param name="Container">The set or map that holds the element; <see cref="Chain"/> or <see cref="Set"/> for objects.</param>
/// <param name="Key">The element's key, or the object's name.</param>
/// <param name="Value">What a map's key leads to; null in a set. For a chain its rules, one a line; for a set its declaration.</param>
public readonly record struct Fact(string Container, string Key, string? Value = null)
{
    /// <summary>Container of the facts that are chains.</summary>
    public const string Chain = "@chain";

    /// <summary>Container of the facts that are sets.</summary>
    public const string Set = "@set";

    /// <summary>Whether the fact is a chain or set rather than an element.</summary>
    public bool IsObject => Container[0] == '@';
}

/// <summary>A fact that came or went. One whose value changed is in the list twice: gone, then come.</summary>
/// <param name="Fact">The fact.</param>
/// <param name="Added">Whether it came.</param>
public readonly record struct FactChange(Fact Fact, bool Added);
