using System.Collections.Concurrent;
using System.Collections.Frozen;
using ActorKube.Api.Kinds;

namespace ActorKube.ApiServer.Protobuf;

/// <summary>What a value is on the wire and in JSON.</summary>
internal enum WireType
{
    /// <summary>Text.</summary>
    String,

    /// <summary>Bytes; base64 in JSON.</summary>
    Bytes,

    /// <summary>A 32- or 64-bit integer.</summary>
    Integer,

    /// <summary>A boolean.</summary>
    Boolean,

    /// <summary>A double.</summary>
    Double,

    /// <summary>Another message.</summary>
    Message,
}

/// <summary>One field of a message.</summary>
/// <param name="Name">Its JSON name.</param>
/// <param name="Type">Type of its value, or of a list's or map's values.</param>
/// <param name="Message">Full name of the value's message; empty for others.</param>
/// <param name="Repeated">Whether it is a list.</param>
/// <param name="Map">Whether it is a map from strings.</param>
/// <param name="Pointer">Whether zero is a value of its own: without it, zero is written for an unset field and means nothing.</param>
/// <param name="Inline">Whether the JSON has the message's fields in place of the message.</param>
internal sealed record ProtobufField(string Name, WireType Type, string Message, bool Repeated, bool Map, bool Pointer, bool Inline);

/// <summary>
/// The messages of the Kubernetes protobuf encoding, from the table of field numbers and the table of what Go's types add to it:
/// which scalars are pointers, which fields are inlined in JSON or named otherwise there.
/// </summary>
internal sealed class ProtobufSchema
{
    private const string Meta = "k8s.io.apimachinery.pkg.apis.meta.v1";

    private static readonly Lazy<ProtobufSchema> Loaded = new(() => new ProtobufSchema());

    private readonly Dictionary<string, List<(int Number, string Field, string Type)>> _rows = new(StringComparer.Ordinal);
    private readonly ILookup<(string Message, string Field), (string What, string Name)> _go;
    private readonly ConcurrentDictionary<string, FrozenDictionary<int, ProtobufField>> _messages = new(StringComparer.Ordinal);

    private ProtobufSchema()
    {
        foreach (var cells in Read(typeof(KindRegistry).Assembly, "protobuf-fields.tsv"))
        {
            var message = $"{cells[0]}.{cells[1]}";
            if (!_rows.TryGetValue(message, out var fields))
            {
                _rows[message] = fields = [];
            }

            fields.Add((int.Parse(cells[2], System.Globalization.CultureInfo.InvariantCulture), cells[3], cells[4]));
        }

        // A field may have several rows: a pointer that JSON names otherwise.
        _go = Read(typeof(ProtobufSchema).Assembly, "protobuf-fields-go.tsv").ToLookup(cells => ($"{cells[0]}.{cells[1]}", cells[2]), cells => (cells[3], cells[4]));
    }

    /// <summary>The schema, loaded when first needed.</summary>
    public static ProtobufSchema Instance => Loaded.Value;

    /// <summary>The full name of the message of an apiVersion and kind; null when there is none.</summary>
    public string? MessageOf(string apiVersion, string kind)
    {
        var slash = apiVersion.IndexOf('/');
        var (group, version) = slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
        var package = group switch
        {
            "" => $"k8s.io.api.core.{version}",
            "apiextensions.k8s.io" => $"k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.{version}",
            "apiregistration.k8s.io" => $"k8s.io.kube_aggregator.pkg.apis.apiregistration.{version}",
            "meta.k8s.io" => Meta,
            _ => $"k8s.io.api.{group.Split('.')[0]}.{version}",
        };
        return _rows.ContainsKey($"{package}.{kind}") ? $"{package}.{kind}"
            : kind is "DeleteOptions" or "Status" or "PatchOptions" or "ListOptions" ? $"{Meta}.{kind}"
            : null;
    }

    /// <summary>Whether there is such a message.</summary>
    public bool Has(string message) => _rows.ContainsKey(message);

    /// <summary>A message's fields by number: none for a message without fields, which the table does not list.</summary>
    public FrozenDictionary<int, ProtobufField> Fields(string message) => _messages.GetOrAdd(message, Build);

    private FrozenDictionary<int, ProtobufField> Build(string message) => _rows.GetValueOrDefault(message, []).ToFrozenDictionary(r => r.Number, r => Field(message, r.Field, r.Type));

    private ProtobufField Field(string message, string name, string type)
    {
        const string map = "map<string, ", repeated = "repeated ";
        var isMap = type.StartsWith(map, StringComparison.Ordinal);
        var isRepeated = type.StartsWith(repeated, StringComparison.Ordinal);
        var value = isMap ? type[map.Length..^1] : isRepeated ? type[repeated.Length..] : type;
        var wire = value switch
        {
            "string" => WireType.String,
            "bytes" => WireType.Bytes,
            "int32" or "int64" => WireType.Integer,
            "bool" => WireType.Boolean,
            "double" => WireType.Double,
            _ => WireType.Message,
        };
        var go = _go[(message, name)];
        var json = go.FirstOrDefault(g => g.What == "json").Name;
        return new ProtobufField(
            json ?? name, wire, wire == WireType.Message ? FullName(message, value) : "", isRepeated, isMap, go.Any(g => g.What == "pointer"), go.Any(g => g.What == "inline"));
    }

    // A type without a leading dot is of the same package.
    private static string FullName(string message, string type) =>
        type[0] == '.' ? type[1..] : $"{message[..message.LastIndexOf('.')]}.{type}";

    private static IEnumerable<string[]> Read(System.Reflection.Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split('\t');
        }
    }
}
