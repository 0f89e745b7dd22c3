namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Which fields a writer at a URL may come to own: all but some, or only some.</summary>
public sealed class FieldFilter
{
    private readonly FieldSet? _excluded;
    private readonly FieldSet? _included;

    private FieldFilter(FieldSet? excluded, FieldSet? included) => (_excluded, _included) = (excluded, included);

    /// <summary>All fields.</summary>
    public static FieldFilter None { get; } = new(null, null);

    /// <summary>Whether it lets all fields through.</summary>
    public bool IsNone => _excluded is null && _included is null;

    /// <summary>All fields but these and what is below them.</summary>
    public static FieldFilter Excluding(FieldSet fields) => fields.IsEmpty ? None : new(fields, null);

    /// <summary>Only these fields and what is below them; a step with the name <c>*</c> stands for every item of a list or map.</summary>
    public static FieldFilter Including(FieldSet fields) => new(null, fields);

    /// <summary>The fields it lets through.</summary>
    public FieldSet Apply(FieldSet set) => _excluded is not null ? set.RecursiveDifference(_excluded) : _included is not null ? Include(set, _included) : set;

    private static FieldSet Include(FieldSet set, FieldSet pattern)
    {
        var result = new FieldSetBuilder();
        foreach (var entry in set.Entries)
        {
            foreach (var wanted in pattern.Entries)
            {
                if (wanted.Element.FieldName != "*" && !wanted.Element.Equals(entry.Element))
                {
                    continue;
                }

                if (entry.IsMember)
                {
                    result.Add(entry.Element);
                }

                if (entry.Children is { } children)
                {
                    result.Add(entry.Element, wanted.Children is null ? children : Include(children, wanted.Children));
                }

                break;
            }
        }

        return result.Build();
    }
}
