using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Protobuf;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Protobuf;

public sealed class ProtobufWriterTests
{
    public static TheoryData<string> Kinds => [.. KindRegistry.BuiltIn.All.Where(k => k.ClrType is not null).Select(k => k.ToString())];

    private static ResourceKind Kind(string name) => KindRegistry.BuiltIn.All.Single(k => k.ToString() == name);

    private static JsonObject Canonical(ReadOnlyMemory<byte> json, Type type) => (JsonObject)JsonNode.Parse(ApiJson.Serialize(ApiJson.Deserialize(type, json.Span)))!;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_field_of_every_kind_is_the_same_in_both_encodings(string name)
    {
        var kind = Kind(name);
        var filled = Filled.Json(kind.ClrType!, ProtobufSchema.Instance.MessageOf(kind.ApiVersion, kind.Kind)!);
        (filled["apiVersion"], filled["kind"]) = (kind.ApiVersion, kind.Kind);
        var item = new ApiObject(Encoding.UTF8.GetBytes(filled.ToJsonString()), kind.ClrType!);
        var expected = Canonical(item.Json, kind.ClrType!);
        var actual = Canonical(ProtobufReader.ToJson(ProtobufWriter.Object(item)), kind.ClrType!);
        var (wanted, found) = (Lines(expected), Lines(actual));
        Assert.Empty(wanted.Except(found).Select(line => "lost: " + line).Concat(found.Except(wanted).Select(line => "made up: " + line)));
    }

    [Fact]
    public void The_table_and_the_models_name_fields_alike() => Assert.Equal(
        string.Join('\n', Filled.NamesThatModelsLack),
        string.Join('\n', KindRegistry.BuiltIn.All.Where(k => k.ClrType is not null)
            .SelectMany(k => Filled.Unknown(k.ClrType!, ProtobufSchema.Instance.MessageOf(k.ApiVersion, k.Kind)!)).Distinct().Order(StringComparer.Ordinal)));

    [Fact]
    public void A_list_holds_the_messages_of_its_items()
    {
        var pods = Kind("v1 configmaps");
        var items = Enumerable.Range(0, 300).Select(i => new ApiObject(new V1ConfigMap
        {
            ApiVersion = "v1", Kind = "ConfigMap", Metadata = new V1ObjectMeta { Name = $"c{i}" }, Data = new Dictionary<string, string> { ["k"] = new string('x', i * 10) },
        })).ToList();
        var list = new ApiList(items, "77", "more", 5);
        var bytes = Written(output => ProtobufWriter.WriteListAsync(output, pods, list, false, ProtobufWriter.Messages(list, false), default));
        var json = JsonNode.Parse(ProtobufReader.ToJson(bytes))!;
        Assert.Equal("ConfigMapList", (string?)json["kind"]);
        Assert.Equal("""{"resourceVersion":"77","continue":"more","remainingItemCount":5}""", json["metadata"]!.ToJsonString());
        Assert.Equal(items.Select(i => i.Metadata.Name), json["items"]!.AsArray().Select(i => (string?)i!["metadata"]!["name"]));
        Assert.Equal(2990, ((string?)json["items"]![299]!["data"]!["k"])!.Length);
    }

    [Fact]
    public void A_failure_is_a_status_message()
    {
        var status = ApiError.NotFound(Kind("v1 pods"), "a").Status;
        var json = JsonNode.Parse(ProtobufReader.ToJson(ProtobufWriter.Object(new ApiObject(status))))!;
        Assert.Equal("""{"apiVersion":"v1","kind":"Status","metadata":{},"status":"Failure","message":"pods \"a\" not found","reason":"NotFound","details":{"name":"a","kind":"pods"},"code":404}""",
            json.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(200)]
    [InlineData(20_000)]
    public void A_frame_says_how_long_it_is_and_holds_an_enveloped_object(int size)
    {
        var item = new ApiObject(new V1ConfigMap { ApiVersion = "v1", Kind = "ConfigMap", Metadata = new V1ObjectMeta { Name = "c" }, Data = new Dictionary<string, string> { ["k"] = new string('x', size) } });
        var frame = new System.Buffers.ArrayBufferWriter<byte>();
        ProtobufWriter.Frame(frame, "MODIFIED", ProtobufWriter.Object(item));
        Assert.Equal(frame.WrittenCount - 4, BinaryPrimitives.ReadInt32BigEndian(frame.WrittenSpan));
        var (type, inner) = WatchFrames.Open(frame.WrittenMemory[4..]);
        Assert.Equal("MODIFIED", type);
        Assert.Equal(size, ((string?)JsonNode.Parse(ProtobufReader.ToJson(inner))!["data"]!["k"])!.Length);
    }

    [Fact]
    public void The_bytes_are_those_that_kubernetes_writes_but_for_empty_fields()
    {
        var item = new ApiObject(new V1ConfigMap { ApiVersion = "v1", Kind = "ConfigMap", Metadata = new V1ObjectMeta { Name = "a" }, Data = new Dictionary<string, string> { ["z"] = "2", ["k"] = "1" } });
        Assert.Equal(
            "6B387300" + "0A0F" + "0A027631" + "1209436F6E6669674D6170" + "1215" + "0A030A0161" + "12060A016B120131" + "12060A017A120132" + "1A00" + "2200",
            Convert.ToHexString(ProtobufWriter.Object(item)));
    }

    private static byte[] Written(Func<PipeWriter, Task> write)
    {
        using var stream = new MemoryStream();
        var output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        write(output).GetAwaiter().GetResult();
        output.Complete();
        return stream.ToArray();
    }

    private static string[] Lines(JsonNode json) => Flat("", json).Order(StringComparer.Ordinal).ToArray();

    private static IEnumerable<string> Flat(string path, JsonNode? json) => json switch
    {
        JsonObject fields => fields.SelectMany(f => Flat($"{path}.{f.Key}", f.Value)),
        JsonArray items => items.SelectMany((item, i) => Flat($"{path}[{i}]", item)),
        _ => [$"{path} = {json?.ToJsonString() ?? "null"}"],
    };
}
