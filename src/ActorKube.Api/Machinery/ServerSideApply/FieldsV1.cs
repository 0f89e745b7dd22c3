using System.Text.Json;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// The <c>fieldsV1</c> of an entry of managedFields: its JSON and, once somebody asked, the set of fields. Either half is made from the other at most
/// once. Instances travel from one version of an object to the next, so that a set that nobody changes is neither read nor written again.
/// </summary>
public sealed class FieldsV1
{
    private ReadOnlyMemory<byte>? _json;
    private FieldSet? _set;
    private Checked? _checked;

    /// <summary>From JSON, which is read when somebody asks.</summary>
    public FieldsV1(ReadOnlyMemory<byte> json) => _json = json;

    /// <summary>From a set.</summary>
    public FieldsV1(FieldSet set) => _set = set;

    /// <summary>UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Json => _json ??= FieldsV1Format.Write(_set!);

    /// <summary>The fields. Throws <see cref="JsonException"/> when the JSON is no set of fields.</summary>
    public FieldSet Set => _set ??= FieldsV1Format.Read(_json!.Value.Span);

    /// <summary>The <c>fieldsV1</c> of a model's entry, however it came to be there: null counts as the empty set.</summary>
    public static FieldsV1 From(object? value) => value switch
    {
        FieldsV1 fields => fields,
        null => new FieldsV1(FieldSet.Empty),
        JsonElement json => new FieldsV1(System.Text.Encoding.UTF8.GetBytes(json.GetRawText())),
        _ => new FieldsV1(JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), ApiJson.Options)),
    };

    /// <summary>The fields, after what changed in the type since they were recorded: what is atomic today is owned as a whole.</summary>
    public FieldSet SetFor(IFieldSchema schema)
    {
        if (_checked is { } done && ReferenceEquals(done.Schema, schema))
        {
            return done.Set;
        }

        var set = SchemaChanges.Follow(Set, schema);
        _checked = new Checked(schema, set);
        return set;
    }

    private sealed record Checked(IFieldSchema Schema, FieldSet Set);
}
