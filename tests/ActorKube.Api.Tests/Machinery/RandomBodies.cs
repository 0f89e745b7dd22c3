using System.Globalization;
using System.Text;
using ActorKube.Api.Machinery;

namespace ActorKube.Api.Tests.Machinery;

/// <summary>JSON bodies along a model's shape: mostly right, with nulls, empty lists and wrong values strewn in.</summary>
internal sealed class RandomBodies(int seed, double wrongness)
{
    private readonly Random _random = new(seed);
    private readonly StringBuilder _text = new();

    public byte[] Of(Type type)
    {
        Write(TypeShape.Of(type), 0);
        return Encoding.UTF8.GetBytes(_text.ToString());
    }

    private void Write(TypeShape shape, int depth)
    {
        if (_random.NextDouble() < wrongness)
        {
            _text.Append(Pick("null", "1", "-7", "1.5", "1e400", "\"text\"", "true", "[]", "{}", "[null]", "{\"a\":null}", "99999999999", "\"2024-01-01T00:00:00Z\""));
            return;
        }

        switch (shape.Kind)
        {
            case ShapeKind.Struct:
                WriteStruct(shape, depth);
                break;
            case ShapeKind.List:
                WriteMany('[', ']', depth, _ => Write(shape.Element!, depth + 1));
                break;
            case ShapeKind.Map:
                WriteMany('{', '}', depth, i =>
                {
                    _text.Append(CultureInfo.InvariantCulture, $"\"k{i}\":");
                    Write(shape.Element!, depth + 1);
                });
                break;
            default:
                _text.Append(Scalar(shape.Kind));
                break;
        }
    }

    private void WriteStruct(TypeShape shape, int depth)
    {
        _text.Append('{');
        var first = true;
        foreach (var field in shape.Fields.Values)
        {
            if (depth > 7 || _random.Next(depth + 2) != 0)
            {
                continue;
            }

            _text.Append(first ? "" : ",").Append('"').Append(field.Name).Append("\":");
            first = false;
            Write(field.Shape, depth + 1);
        }

        _text.Append('}');
    }

    private void WriteMany(char open, char close, int depth, Action<int> element)
    {
        _text.Append(open);
        var count = depth > 7 ? 0 : _random.Next(3);
        for (var i = 0; i < count; i++)
        {
            _text.Append(i == 0 ? "" : ",");
            element(i);
        }

        _text.Append(close);
    }

    private string Scalar(ShapeKind kind) => kind switch
    {
        ShapeKind.String => Pick("\"\"", "\"a\"", "\"Ünïcödé \\n\""),
        ShapeKind.Bool => Pick("true", "false"),
        ShapeKind.Int32 or ShapeKind.Int64 => Pick("0", "1", "-1", "2147483647"),
        ShapeKind.Double => Pick("0", "1.5", "-1e3"),
        ShapeKind.Bytes => Pick("\"\"", "\"aGk=\""),
        ShapeKind.Time => Pick("\"2024-05-01T10:00:00Z\"", "\"2024-05-01T10:00:00.123456Z\"", "\"2024-05-01T10:00:00+02:00\""),
        ShapeKind.Quantity => Pick("\"1\"", "\"500m\"", "\"1.5Gi\"", "3", "0.25", "\"1e3\"", "\"100Ei\"", "\"1e40\""),
        ShapeKind.IntOrString => Pick("80", "\"http\"", "\"25%\""),
        _ => Pick("{}", "{\"a\":[1,{\"b\":null}]}", "\"x\"", "1", "[]"),
    };

    private string Pick(params ReadOnlySpan<string> choices) => choices[_random.Next(choices.Length)];
}
