namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>What one object has over another one.</summary>
/// <param name="Added">Fields that only the newer one has.</param>
/// <param name="Modified">Fields that both have with different values.</param>
/// <param name="Removed">Fields that only the older one has.</param>
public sealed record Comparison(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    private FieldSet? _changed;

    /// <summary>No difference.</summary>
    public static Comparison None { get; } = new(FieldSet.Empty, FieldSet.Empty, FieldSet.Empty);

    /// <summary>Whether there is no difference.</summary>
    public bool IsSame => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    /// <summary>Fields that were added or modified.</summary>
    public FieldSet Changed => _changed ??= Modified.Union(Added);

    /// <summary>The comparison without what a writer may not touch.</summary>
    public Comparison Filter(FieldFilter filter) => filter.IsNone ? this : new(filter.Apply(Added), filter.Apply(Modified), filter.Apply(Removed));
}

/// <summary>Collects a comparison of one level; nothing is made while nothing differs.</summary>
internal struct ComparisonBuilder
{
    private FieldSetBuilder? _added;
    private FieldSetBuilder? _modified;
    private FieldSetBuilder? _removed;

    /// <summary>Adds what was found at a step and below it.</summary>
    public void Add(PathElement element, Difference difference, in ComparisonBuilder below)
    {
        switch (difference)
        {
            case Difference.Added:
                (_added ??= new()).Add(element);
                break;
            case Difference.Modified:
                (_modified ??= new()).Add(element);
                break;
            case Difference.Removed:
                (_removed ??= new()).Add(element);
                break;
        }

        if (below._added is { } added)
        {
            (_added ??= new()).Add(element, added.Build());
        }

        if (below._modified is { } modified)
        {
            (_modified ??= new()).Add(element, modified.Build());
        }

        if (below._removed is { } removed)
        {
            (_removed ??= new()).Add(element, removed.Build());
        }
    }

    public readonly bool IsEmpty => _added is null && _modified is null && _removed is null;

    public readonly Comparison Build() => IsEmpty
        ? Comparison.None
        : new(_added?.Build() ?? FieldSet.Empty, _modified?.Build() ?? FieldSet.Empty, _removed?.Build() ?? FieldSet.Empty);
}

/// <summary>How the value at a step itself differs.</summary>
internal enum Difference
{
    None,
    Added,
    Modified,
    Removed,
}
