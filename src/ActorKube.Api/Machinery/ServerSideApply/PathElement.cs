using System.Text;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>One step of a path into an object: a field's name, the keys of an item of a <c>map</c> list, a member of a <c>set</c>, or an index. They sort in that order.</summary>
public sealed class PathElement : IEquatable<PathElement>, IComparable<PathElement>
{
    private readonly Form _form;
    private readonly KeyValuePair<string, FieldValue>[] _keys;
    private string? _serialized;

    private PathElement(Form form, string name, KeyValuePair<string, FieldValue>[] keys, FieldValue value, int index) =>
        (_form, FieldName, _keys, Value, Index) = (form, form == Form.Field ? name : null, keys, value, index);

    private enum Form
    {
        Field,
        Key,
        Value,
        Index,
    }

    /// <summary>The field's name; null for another kind of step.</summary>
    public string? FieldName { get; }

    /// <summary>Whether it names an item of a <c>map</c> list.</summary>
    public bool IsKey => _form == Form.Key;

    /// <summary>Whether it names a member of a set.</summary>
    public bool IsValue => _form == Form.Value;

    /// <summary>The keys and their values, by name.</summary>
    public IReadOnlyList<KeyValuePair<string, FieldValue>> Keys => _keys;

    /// <summary>The member of a set.</summary>
    public FieldValue Value { get; }

    /// <summary>The index.</summary>
    public int Index { get; }

    /// <summary>A field, or a key of a map.</summary>
    public static PathElement Field(string name) => new(Form.Field, name, [], default, 0);

    /// <summary>An item that has these fields.</summary>
    public static PathElement Key(params KeyValuePair<string, FieldValue>[] keys)
    {
        if (keys.Length > 1)
        {
            Array.Sort(keys, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        }

        return new PathElement(Form.Key, "", keys, default, 0);
    }

    /// <summary>An item whose field <paramref name="name"/> is <paramref name="value"/>.</summary>
    public static PathElement Key(string name, string value) => Key(new KeyValuePair<string, FieldValue>(name, FieldValue.Of(value)));

    /// <summary>A member of a set.</summary>
    public static PathElement Member(FieldValue value) => new(Form.Value, "", [], value, 0);

    /// <summary>An item of an atomic list.</summary>
    public static PathElement At(int index) => new(Form.Index, "", [], default, index);

    /// <summary>As FieldsV1 writes it: <c>f:name</c>, <c>k:{"name":"x"}</c>, <c>v:"x"</c> or <c>i:0</c>.</summary>
    public string Serialize() => _serialized ??= _form switch
    {
        Form.Field => "f:" + FieldName,
        Form.Key => SerializeKeys(),
        Form.Value => "v:" + Value.ToJson(),
        _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"i:{Index}"),
    };

    /// <inheritdoc/>
    public int CompareTo(PathElement? other)
    {
        if (ReferenceEquals(this, other))
        {
            return 0;
        }

        if (other is null || _form != other._form)
        {
            return other is null ? 1 : _form.CompareTo(other._form);
        }

        return _form switch
        {
            Form.Field => string.CompareOrdinal(FieldName, other.FieldName),
            Form.Key => CompareKeys(_keys, other._keys),
            Form.Value => Value.CompareTo(other.Value),
            _ => Index.CompareTo(other.Index),
        };
    }

    /// <inheritdoc/>
    public bool Equals(PathElement? other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PathElement);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(_form);
        hash.Add(FieldName);
        hash.Add(Value);
        hash.Add(Index);
        foreach (var (name, value) in _keys)
        {
            hash.Add(name);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    /// <summary>As messages show it: <c>.name</c>, <c>[name="x"]</c>, <c>[="x"]</c> or <c>[0]</c>.</summary>
    public override string ToString() => _form switch
    {
        Form.Field => "." + FieldName,
        Form.Key => $"[{string.Join(',', _keys.Select(k => $"{k.Key}={k.Value}"))}]",
        Form.Value => $"[={Value}]",
        _ => $"[{Index}]",
    };

    private string SerializeKeys()
    {
        var text = new StringBuilder("k:{");
        foreach (var (name, value) in _keys)
        {
            text.Append(text.Length == 3 ? "\"" : ",\"").Append(name).Append("\":").Append(value.ToJson());
        }

        return text.Append('}').ToString();
    }

    private static int CompareKeys(KeyValuePair<string, FieldValue>[] a, KeyValuePair<string, FieldValue>[] b)
    {
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            var order = string.CompareOrdinal(a[i].Key, b[i].Key);
            if (order == 0)
            {
                order = a[i].Value.CompareTo(b[i].Value);
            }

            if (order != 0)
            {
                return order;
            }
        }

        return a.Length.CompareTo(b.Length);
    }
}
