using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery.ServerSideApply;

/// <summary>An object of a small type, and who owns what of it, as one writer after the other finds it.</summary>
internal sealed class ApplyState
{
    /// <summary>A type with a list, a set and a map of every sort.</summary>
    public static readonly IFieldSchema Small = FieldSchema.Struct(
    [
        new("apiVersion", FieldSchema.String),
        new("kind", FieldSchema.String),
        new("metadata", FieldSchema.Struct(
        [
            new("name", FieldSchema.String), new("namespace", FieldSchema.String), new("resourceVersion", FieldSchema.String),
            new("labels", FieldSchema.MapOf(FieldSchema.String)), new("annotations", FieldSchema.MapOf(FieldSchema.String)), new("managedFields", FieldSchema.AtomicList(FieldSchema.UntypedAtomic)),
        ])),
        new("number", FieldSchema.Numeric),
        new("text", FieldSchema.String),
        new("flag", FieldSchema.Boolean),
        new("struct", FieldSchema.Struct([new("a", FieldSchema.Numeric), new("b", FieldSchema.Numeric)])),
        new("atomicStruct", FieldSchema.Struct([new("a", FieldSchema.Numeric), new("b", FieldSchema.Numeric)], atomic: true)),
        new("atomicList", FieldSchema.AtomicList(FieldSchema.String)),
        new("set", FieldSchema.Set(FieldSchema.String)),
        new("map", FieldSchema.MapOf(FieldSchema.Numeric)),
        new("list", FieldSchema.MapList(Item, ["name"])),
        new("ports", FieldSchema.MapList(
            FieldSchema.Struct([new("port", FieldSchema.Numeric), new("protocol", FieldSchema.String, "TCP"), new("name", FieldSchema.String)]), ["port", "protocol"])),
        new("any", FieldSchema.Deduced),
    ]);

    private static readonly DateTime Start = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private IList<V1ManagedFieldsEntry>? _entries;
    private int _seconds;

    private static FieldSchema Item => FieldSchema.Struct([new("name", FieldSchema.String), new("value", FieldSchema.Numeric), new("more", FieldSchema.Struct([new("x", FieldSchema.Numeric), new("y", FieldSchema.Numeric)]))]);

    /// <summary>The object; null before it is created.</summary>
    public JsonObject? Live { get; private set; }

    /// <summary>Its entries.</summary>
    public IList<V1ManagedFieldsEntry> Entries => _entries ?? [];

    /// <summary>Applies a configuration, given without apiVersion and kind.</summary>
    public void Apply(string manager, string yaml, bool force = false)
    {
        var existing = Live is { } live ? () => JsonComparison.Of(null, live, Small) : default(Func<Comparison>);
        var result = Manager().Apply(new ApplyTarget(Live ?? [], _entries, existing, (_, _) => null), Body(yaml), manager, force, Now());
        Live = result.Json ?? Live;
        _entries = result.ManagedFields;
    }

    /// <summary>Replaces the object.</summary>
    public void Update(string manager, string yaml, IList<V1ManagedFieldsEntry>? sent = null, string subresource = "")
    {
        var (before, after) = (Live, Body(yaml));
        var live = before is null ? null : new V1ObjectMeta { ManagedFields = _entries };
        _entries = Manager(subresource).Update(
            live, new V1ObjectMeta { ManagedFields = sent }, version => version == "v1" ? JsonComparison.Of(before, after, Small) : null, manager, Now());
        Live = after;
    }

    /// <summary>The object without what every object has.</summary>
    public string Content()
    {
        var copy = Live!.DeepClone().AsObject();
        copy.Remove("apiVersion");
        copy.Remove("kind");
        return copy.ToJsonString();
    }

    /// <summary>What a manager owns, path by path; null when it has no entry.</summary>
    public string? Owns(string manager, string operation = "Apply") =>
        Entries.SingleOrDefault(e => e.Manager == manager && e.Operation == operation) is { } entry ? FieldsV1.From(entry.FieldsV1).Set.ToString().Replace("\n", " ", StringComparison.Ordinal) : null;

    /// <summary>When a manager last wrote, in seconds since the start.</summary>
    public int? Time(string manager) => Entries.Single(e => e.Manager == manager).Time is { } time ? (int)(time - Start).TotalSeconds : null;

    private static JsonObject Body(string yaml)
    {
        var body = (JsonObject)JsonTree.Parse(YamlJson.Convert(Encoding.UTF8.GetBytes(yaml)))!;
        (body["apiVersion"], body["kind"]) = ("v1", "Small");
        return body;
    }

    private static FieldManager Manager(string subresource = "") => new() { Schema = Small, ApiVersion = "v1", Kind = "Small", Subresource = subresource };

    private DateTime Now() => Start.AddSeconds(++_seconds);
}
