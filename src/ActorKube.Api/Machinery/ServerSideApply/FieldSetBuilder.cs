namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Collects a set's paths. Fastest when the steps come in order.</summary>
public sealed class FieldSetBuilder
{
    private readonly List<Node> _nodes = [];

    /// <summary>Adds a path of one step.</summary>
    public void Add(PathElement element) => _nodes[Place(element)].IsMember = true;

    /// <summary>Adds paths that go on after a step.</summary>
    public void Add(PathElement element, FieldSet children)
    {
        if (!children.IsEmpty)
        {
            var node = _nodes[Place(element)];
            node.Children = node.Children is null ? children : node.Children.Union(children);
        }
    }

    /// <summary>The set.</summary>
    public FieldSet Build()
    {
        if (_nodes.Count == 0)
        {
            return FieldSet.Empty;
        }

        var entries = new List<FieldSetEntry>(_nodes.Count);
        foreach (var node in _nodes)
        {
            var children = node.Below is null ? node.Children : node.Children is null ? node.Below.Build() : node.Children.Union(node.Below.Build());
            entries.Add(new(node.Element, node.IsMember, children is { IsEmpty: true } ? null : children));
        }

        return new FieldSet([.. entries]);
    }

    internal void Add(IReadOnlyList<PathElement> path, int from)
    {
        if (from == path.Count)
        {
            return;
        }

        var node = _nodes[Place(path[from])];
        if (from == path.Count - 1)
        {
            node.IsMember = true;
            return;
        }

        (node.Below ??= new FieldSetBuilder()).Add(path, from + 1);
    }

    private int Place(PathElement element)
    {
        if (_nodes.Count == 0 || _nodes[^1].Element.CompareTo(element) < 0)
        {
            _nodes.Add(new Node(element));
            return _nodes.Count - 1;
        }

        var (low, high) = (0, _nodes.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var order = _nodes[middle].Element.CompareTo(element);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        _nodes.Insert(low, new Node(element));
        return low;
    }

    private sealed class Node(PathElement element)
    {
        public PathElement Element { get; } = element;

        public bool IsMember { get; set; }

        public FieldSet? Children { get; set; }

        public FieldSetBuilder? Below { get; set; }
    }
}
