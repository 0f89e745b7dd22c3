namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>The set operations: each walks both trees once, and gives back a tree it was given where nothing changes.</summary>
internal static class FieldSetAlgebra
{
    public static FieldSet Union(FieldSet a, FieldSet b)
    {
        var left = a.Entries;
        var right = b.Entries;
        var result = new List<FieldSetEntry>(left.Length + right.Length);
        var (i, j) = (0, 0);
        while (i < left.Length && j < right.Length)
        {
            var order = left[i].Element.CompareTo(right[j].Element);
            if (order < 0)
            {
                result.Add(left[i++]);
            }
            else if (order > 0)
            {
                result.Add(right[j++]);
            }
            else
            {
                var (x, y) = (left[i++], right[j++]);
                result.Add(new(x.Element, x.IsMember || y.IsMember, x.Children is null ? y.Children : y.Children is null ? x.Children : x.Children.Union(y.Children)));
            }
        }

        result.AddRange(left[i..]);
        result.AddRange(right[j..]);
        return new FieldSet([.. result]);
    }

    public static FieldSet Intersection(FieldSet a, FieldSet b)
    {
        var left = a.Entries;
        var right = b.Entries;
        List<FieldSetEntry>? result = null;
        var (i, j) = (0, 0);
        while (i < left.Length && j < right.Length)
        {
            var order = left[i].Element.CompareTo(right[j].Element);
            if (order < 0)
            {
                i++;
            }
            else if (order > 0)
            {
                j++;
            }
            else
            {
                var (x, y) = (left[i++], right[j++]);
                var children = x.Children is null || y.Children is null ? null : x.Children.Intersection(y.Children);
                Add(ref result, x.Element, x.IsMember && y.IsMember, children);
            }
        }

        return Build(result);
    }

    public static FieldSet Difference(FieldSet a, FieldSet b, bool recursive)
    {
        var left = a.Entries;
        var right = b.Entries;
        List<FieldSetEntry>? result = null;
        var (j, changed) = (0, false);
        foreach (var x in left)
        {
            var order = -1;
            while (j < right.Length && (order = x.Element.CompareTo(right[j].Element)) > 0)
            {
                j++;
            }

            if (j == right.Length || order < 0)
            {
                (result ??= new List<FieldSetEntry>(left.Length)).Add(x);
                continue;
            }

            var y = right[j++];
            var children = x.Children is null || y.Children is null ? x.Children
                : recursive ? x.Children.RecursiveDifference(y.Children)
                : x.Children.Difference(y.Children);
            if (recursive && y.IsMember)
            {
                children = null;
            }

            var isMember = x.IsMember && !y.IsMember;
            changed |= isMember != x.IsMember || !ReferenceEquals(children, x.Children);
            Add(ref result, x.Element, isMember, children);
        }

        return changed ? Build(result) : a;
    }

    public static bool Intersects(FieldSet a, FieldSet b)
    {
        var left = a.Entries;
        var right = b.Entries;
        var (i, j) = (0, 0);
        while (i < left.Length && j < right.Length)
        {
            var order = left[i].Element.CompareTo(right[j].Element);
            if (order < 0)
            {
                i++;
            }
            else if (order > 0)
            {
                j++;
            }
            else
            {
                var (x, y) = (left[i++], right[j++]);
                if ((x.IsMember && y.IsMember) || (x.Children is not null && y.Children is not null && x.Children.Intersects(y.Children)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public static bool Covers(FieldSet a, FieldSet b)
    {
        var left = a.Entries;
        var i = 0;
        foreach (var y in b.Entries)
        {
            var order = -1;
            while (i < left.Length && (order = left[i].Element.CompareTo(y.Element)) < 0)
            {
                i++;
            }

            if (i == left.Length || order > 0)
            {
                return false;
            }

            var x = left[i++];
            if ((y.IsMember && !x.IsMember) || (y.Children is not null && (x.Children is null || !x.Children.Covers(y.Children))))
            {
                return false;
            }
        }

        return true;
    }

    private static void Add(ref List<FieldSetEntry>? result, PathElement element, bool isMember, FieldSet? children)
    {
        children = children is { IsEmpty: true } ? null : children;
        if (isMember || children is not null)
        {
            (result ??= []).Add(new(element, isMember, children));
        }
    }

    private static FieldSet Build(List<FieldSetEntry>? entries) => entries is null ? FieldSet.Empty : new FieldSet([.. entries]);
}
