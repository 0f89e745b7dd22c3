using System.Globalization;
using System.Text;

namespace ActorKube.Api.Machinery;

/// <summary>
/// Where a field stands, such as <c>spec.containers[0].resources.limits[cpu]</c>. A chain of steps whose text is made only when there is an error to report.
/// </summary>
public sealed class FieldPath
{
    private readonly FieldPath? _parent;
    private readonly string? _name;
    private readonly int _index;
    private readonly bool _isKey;

    private FieldPath(FieldPath? parent, string? name, int index, bool isKey) => (_parent, _name, _index, _isKey) = (parent, name, index, isKey);

    /// <summary>The path of metadata.</summary>
    public static FieldPath Metadata { get; } = Of("metadata");

    /// <summary>The path of a spec.</summary>
    public static FieldPath Spec { get; } = Of("spec");

    /// <summary>The path of a status.</summary>
    public static FieldPath Status { get; } = Of("status");

    /// <summary>A field at the top.</summary>
    public static FieldPath Of(string name) => new(null, name, -1, false);

    /// <summary>A field of this one.</summary>
    public FieldPath Child(string name) => new(this, name, -1, false);

    /// <summary>An element of this list.</summary>
    public FieldPath Index(int index) => new(this, null, index, false);

    /// <summary>An entry of this map.</summary>
    public FieldPath Key(string key) => new(this, key, -1, true);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        _parent?.Append(text);
        if (_name is null)
        {
            text.Append('[').Append(_index.ToString(CultureInfo.InvariantCulture)).Append(']');
        }
        else if (_isKey || (_name.Length == 0 && _parent is null))
        {
            // The whole object, too, is written in brackets: "[]".
            text.Append('[').Append(_name).Append(']');
        }
        else
        {
            text.Append(text.Length == 0 ? "" : ".").Append(_name);
        }
    }
}
