namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// A set of paths into objects of a type, as a tree that never changes. A path's parents are members only when they were added themselves.
/// The tree has no branch without a member, so equal sets are equal trees.
/// </summary>
public sealed class FieldSet : IEquatable<FieldSet>
{
    private readonly FieldSetEntry[] _entries;

    internal FieldSet(FieldSetEntry[] entries) => _entries = entries;

    /// <summary>No path.</summary>
    public static FieldSet Empty { get; } = new([]);

    /// <summary>Whether there is no path in it.</summary>
    public bool IsEmpty => _entries.Length == 0;

    /// <summary>How many paths are in it.</summary>
    public int Count => _entries.Sum(e => (e.IsMember ? 1 : 0) + (e.Children?.Count ?? 0));

    /// <summary>Its first steps, in order.</summary>
    internal ReadOnlySpan<FieldSetEntry> Entries => _entries;

    /// <summary>A set of paths.</summary>
    public static FieldSet Of(params IEnumerable<IReadOnlyList<PathElement>> paths)
    {
        var builder = new FieldSetBuilder();
        foreach (var path in paths)
        {
            builder.Add(path, 0);
        }

        return builder.Build();
    }

    /// <summary>A set of one path of field names.</summary>
    public static FieldSet OfFields(params string[] names) => Of(names.Select(PathElement.Field).ToList());

    /// <summary>Whether the path is in the set.</summary>
    public bool Has(IReadOnlyList<PathElement> path)
    {
        var set = this;
        for (var i = 0; i < path.Count; i++)
        {
            if (set is null || set.Find(path[i]) is not { } entry)
            {
                return false;
            }

            if (i == path.Count - 1)
            {
                return entry.IsMember;
            }

            set = entry.Children;
        }

        return false;
    }

    /// <summary>Paths in either.</summary>
    public FieldSet Union(FieldSet other) => IsEmpty ? other : Covers(other) ? this : FieldSetAlgebra.Union(this, other);

    /// <summary>Whether all paths of the other are in it.</summary>
    public bool Covers(FieldSet other) => other.IsEmpty || ReferenceEquals(this, other) || FieldSetAlgebra.Covers(this, other);

    /// <summary>Paths in both.</summary>
    public FieldSet Intersection(FieldSet other) => IsEmpty || other.IsEmpty ? Empty : FieldSetAlgebra.Intersection(this, other);

    /// <summary>Paths that are not in the other: a path stays when only its parent or its child is there.</summary>
    public FieldSet Difference(FieldSet other) => IsEmpty || other.IsEmpty ? this : FieldSetAlgebra.Difference(this, other, recursive: false);

    /// <summary>Paths of which neither they nor a parent is in the other.</summary>
    public FieldSet RecursiveDifference(FieldSet other) => IsEmpty || other.IsEmpty ? this : FieldSetAlgebra.Difference(this, other, recursive: true);

    /// <summary>Whether a path is in both.</summary>
    public bool Intersects(FieldSet other) => !IsEmpty && !other.IsEmpty && FieldSetAlgebra.Intersects(this, other);

    /// <summary>All paths: at each level first the members, then what is below them.</summary>
    public IEnumerable<IReadOnlyList<PathElement>> Paths() => Paths([]);

    /// <inheritdoc/>
    public bool Equals(FieldSet? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other is null || _entries.Length != other._entries.Length)
        {
            return false;
        }

        for (var i = 0; i < _entries.Length; i++)
        {
            var (a, b) = (_entries[i], other._entries[i]);
            if (a.IsMember != b.IsMember || !a.Element.Equals(b.Element) || !(a.Children is null ? b.Children is null : a.Children.Equals(b.Children)))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FieldSet);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var entry in _entries)
        {
            hash.Add(entry.Element);
            hash.Add(entry.IsMember);
        }

        return hash.ToHashCode();
    }

    /// <summary>One path a line.</summary>
    public override string ToString() => string.Join('\n', Paths().Select(PathText));

    /// <summary>A path as messages show it, such as <c>.spec.containers[name="web"].image</c>.</summary>
    public static string PathText(IReadOnlyList<PathElement> path) => string.Concat(path);

    internal FieldSetEntry? Find(PathElement element)
    {
        var (low, high) = (0, _entries.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var order = _entries[middle].Element.CompareTo(element);
            if (order == 0)
            {
                return _entries[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    private IEnumerable<IReadOnlyList<PathElement>> Paths(PathElement[] prefix)
    {
        foreach (var entry in _entries)
        {
            if (entry.IsMember)
            {
                yield return [.. prefix, entry.Element];
            }
        }

        foreach (var entry in _entries)
        {
            foreach (var path in entry.Children?.Paths([.. prefix, entry.Element]) ?? [])
            {
                yield return path;
            }
        }
    }
}

/// <summary>A first step of a set's paths.</summary>
/// <param name="Element">The step.</param>
/// <param name="IsMember">Whether the step alone is a path of the set.</param>
/// <param name="Children">How paths go on after it; null when none does.</param>
internal readonly record struct FieldSetEntry(PathElement Element, bool IsMember, FieldSet? Children);
