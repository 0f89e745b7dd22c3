using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ActorKube.Api.Machinery;

internal abstract record YamlNode;

internal sealed record YamlScalar(YamlValue Value) : YamlNode;

internal sealed record YamlList(List<YamlNode> Items) : YamlNode;

/// <summary>A mapping whose keys are already text; a repeated key keeps its first place and its last value.</summary>
internal sealed record YamlMap(OrderedDictionary<string, YamlNode> Entries) : YamlNode;

/// <summary>Builds nodes from parse events, with anchors resolved and merge keys applied.</summary>
internal sealed class YamlReader(IParser parser, List<string> duplicates)
{
    private const int MaxDepth = 400;

    private readonly Dictionary<AnchorName, YamlNode> _anchors = [];
    private int _depth;

    public YamlNode ReadNode()
    {
        if (++_depth > MaxDepth)
        {
            throw new InvalidOperationException("yaml: exceeded max depth");
        }

        try
        {
            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                return _anchors.TryGetValue(alias.Value, out var known) ? known : throw new InvalidOperationException($"yaml: unknown anchor '{alias.Value}' referenced");
            }

            if (parser.TryConsume<Scalar>(out var scalar))
            {
                return Remember(scalar.Anchor, new YamlScalar(YamlValue.Of(scalar)));
            }

            if (parser.TryConsume<SequenceStart>(out var sequence))
            {
                var items = new List<YamlNode>();
                while (!parser.TryConsume<SequenceEnd>(out _))
                {
                    items.Add(ReadNode());
                }

                return Remember(sequence.Anchor, new YamlList(items));
            }

            var start = parser.Consume<MappingStart>();
            return Remember(start.Anchor, ReadMap());
        }
        finally
        {
            _depth--;
        }
    }

    private YamlMap ReadMap()
    {
        var entries = new OrderedDictionary<string, YamlNode>(StringComparer.Ordinal);
        List<YamlNode>? merged = null;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var line = parser.Current!.Start.Line;
            if (parser.Accept<Scalar>(out var key) && key.Value == "<<" && key.IsPlainImplicit)
            {
                parser.Consume<Scalar>();
                (merged ??= []).Add(ReadNode());
                continue;
            }

            if (ReadNode() is not YamlScalar { Value: var name })
            {
                throw new InvalidOperationException($"yaml: line {line}: invalid map key");
            }

            var text = name.KeyText;
            if (entries.ContainsKey(text))
            {
                duplicates.Add($"line {line}: key \"{text}\" already set in map");
            }

            entries[text] = ReadNode();
        }

        foreach (var source in merged ?? [])
        {
            Merge(entries, source);
        }

        return new YamlMap(entries);
    }

    private static void Merge(OrderedDictionary<string, YamlNode> entries, YamlNode source)
    {
        switch (source)
        {
            case YamlMap map:
                foreach (var (key, value) in map.Entries)
                {
                    entries.TryAdd(key, value);
                }

                break;
            case YamlList list:
                foreach (var item in list.Items)
                {
                    Merge(entries, item is YamlMap ? item : throw WrongMerge());
                }

                break;
            default:
                throw WrongMerge();
        }
    }

    private static InvalidOperationException WrongMerge() => new("yaml: map merge requires map or sequence of maps as the value");

    private YamlNode Remember(AnchorName anchor, YamlNode node)
    {
        if (!anchor.IsEmpty)
        {
            _anchors[anchor] = node;
        }

        return node;
    }
}
