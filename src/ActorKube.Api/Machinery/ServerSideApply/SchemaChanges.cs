namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>What a type says of a set of its fields.</summary>
internal static class SchemaChanges
{
    /// <summary>
    /// The set as it would be recorded today: a part that became atomic since is owned as a whole, no longer by its fields. The other way round
    /// nothing can be said: who owned a whole that is granular now owns nothing below it.
    /// </summary>
    public static FieldSet Follow(FieldSet set, IFieldSchema schema)
    {
        List<FieldSetEntry>? changed = null;
        var entries = set.Entries;
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = entries[i];
            if (entry.Children is null || ChildOf(schema, entry.Element) is not { } type)
            {
                changed?.Add(entry);
                continue;
            }

            var isWhole = type.Map is not null ? type.Map.IsAtomic : type.Scalar is null && type.List is { IsAtomic: true };
            var children = isWhole ? null : Follow(entry.Children, type);
            if (ReferenceEquals(children, entry.Children))
            {
                changed?.Add(entry);
                continue;
            }

            changed ??= [.. entries[..i]];
            changed.Add(new(entry.Element, entry.IsMember || isWhole, children));
        }

        return changed is null ? set : new FieldSet([.. changed]);
    }

    /// <summary>The set with every declared field that has a field below it, as if it had been named.</summary>
    public static FieldSet WithNamedParents(FieldSet set, IFieldSchema? schema)
    {
        var entries = new List<FieldSetEntry>(set.Entries.Length);
        foreach (var entry in set.Entries)
        {
            var isNamed = entry.Children is not null && entry.Element.FieldName is { } name && schema?.Map?.TryGetField(name, out _) == true;
            entries.Add(new(entry.Element, entry.IsMember || isNamed, entry.Children is null ? null : WithNamedParents(entry.Children, schema is null ? null : ChildOf(schema, entry.Element))));
        }

        return new FieldSet([.. entries]);
    }

    private static IFieldSchema? ChildOf(IFieldSchema schema, PathElement element) =>
        element.FieldName is { } name ? (schema.Map is null ? null : JsonSlot.TypeOf(schema.Map, name))
        : element.IsKey || element.IsValue ? schema.List?.Element
        : null;
}
