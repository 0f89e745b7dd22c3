using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.Apply;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>A description as it grows: lines of "Name:⇥value", indented by level. Tabs are aligned when it is read.</summary>
internal sealed class DescribeText
{
    private const int LongAnnotation = 140;

    private readonly StringBuilder _aligned = new();
    private readonly StringBuilder _text = new();

    /// <summary>The description, aligned.</summary>
    public override string ToString() => _aligned + TabText.Align(_text.ToString());

    /// <summary>What follows finds column widths of its own.</summary>
    public void Flush()
    {
        _aligned.Append(TabText.Align(_text.ToString()));
        _text.Clear();
    }

    /// <summary>A line, two blanks deeper for each level.</summary>
    public DescribeText Line(int level, string text)
    {
        _text.Append(' ', level * 2).Append(text).Append('\n');
        return this;
    }

    /// <summary>Name and value.</summary>
    public DescribeText Field(int level, string name, string value) => Line(level, $"{name}:\t{value}");

    /// <summary>Name and value, unless the value is empty.</summary>
    public DescribeText Optional(int level, string name, string value) => value.Length == 0 ? this : Field(level, name, value);

    /// <summary>Name and several values below each other; <c>&lt;none&gt;</c> where there are none.</summary>
    public DescribeText Values(int level, string name, IEnumerable<string> values)
    {
        var first = true;
        foreach (var value in values.DefaultIfEmpty("<none>"))
        {
            if (first)
                Field(level, name, value);
            else
                Line(level, "\t" + value);
            first = false;
        }

        return this;
    }

    /// <summary>Labels, one a line.</summary>
    public DescribeText Labels(int level, string name, IReadOnlyList<KeyValuePair<string, JsonNode?>> labels) => Values(level, name, labels.Select(l => $"{l.Key}={l.Value.Text()}"));

    /// <summary>Annotations; long ones with a line of their own for each of theirs.</summary>
    public DescribeText Annotations(JsonNode json)
    {
        var annotations = json.Map("metadata", "annotations").Where(a => a.Key != LastApplied.Key);
        return Values(0, "Annotations", annotations.SelectMany(a =>
        {
            var value = a.Value.Text();
            value = value.EndsWith('\n') ? value[..^1] : value;
            return value.Length + a.Key.Length + 2 > LongAnnotation || value.Contains('\n')
                ? value.Split('\n').Select(line => "  " + Shorten(line)).Prepend($"{a.Key}:")
                : [$"{a.Key}: {value}"];
        }));
    }

    /// <summary>A time as descriptions show it.</summary>
    public static string Time(DateTimeOffset? time) =>
        time is { } t ? t.ToLocalTime().ToString("ddd, dd MMM yyyy HH:mm:ss zzz", CultureInfo.InvariantCulture).Remove(29, 1) : "<unset>";

    /// <summary>Text, or <c>&lt;none&gt;</c>.</summary>
    public static string OrNone(string text) => text.Length == 0 ? "<none>" : text;

    /// <summary>Labels of a selector on one line: <c>app=web,tier=front</c>.</summary>
    public static string Pairs(IReadOnlyList<KeyValuePair<string, JsonNode?>> labels) => OrNone(string.Join(',', labels.Select(l => $"{l.Key}={l.Value.Text()}")));

    /// <summary>A LabelSelector on one line: <c>app=web,tier in (a,b)</c>.</summary>
    public static string Selector(JsonNode? selector)
    {
        if (selector is null)
            return "<none>";
        var terms = selector.Map("matchLabels").Select(l => $"{l.Key}={l.Value.Text()}").Concat(selector.List("matchExpressions").Select(e =>
        {
            var (key, values) = (e.Text("key"), string.Join(',', e.List("values").Select(v => v.Text()).Order(StringComparer.Ordinal)));
            return e.Text("operator") switch
            {
                "In" => $"{key} in ({values})",
                "NotIn" => $"{key} notin ({values})",
                "DoesNotExist" => "!" + key,
                _ => key,
            };
        }));
        return OrNone(string.Join(',', terms));
    }

    private static string Shorten(string text) => text.Length <= LongAnnotation - 2 ? text : text[..(LongAnnotation - 2)] + "...";
}
