using System.Text;
using System.Text.Json.Nodes;
using ActorKube.ApiServer.Protobuf;
using CsCheck;

namespace ActorKube.ApiServer.Tests.Protobuf;

public sealed class ProtobufReaderTests
{
    private static byte[] Bytes(int number, params ReadOnlySpan<byte> value) => [(byte)((number << 3) | 2), (byte)value.Length, .. value];

    private static byte[] Text(int number, string value) => Bytes(number, Encoding.UTF8.GetBytes(value));

    private static byte[] Number(int number, byte value) => [(byte)(number << 3), value];

    private static byte[] Envelope(string apiVersion, string kind, byte[] message) =>
        [.. "k8s\0"u8, .. Bytes(1, [.. Text(1, apiVersion), .. Text(2, kind)]), .. Bytes(2, message), .. Text(3, ""), .. Text(4, "")];

    private static void Same(string expected, byte[] protobuf) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(ProtobufReader.ToJson(protobuf))), Encoding.UTF8.GetString(ProtobufReader.ToJson(protobuf)));

    [Fact]
    public void A_configmap_with_unset_fields_that_go_writes_all_the_same() => Same(
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"x":""}},"data":{"k":"v"}}""",
        Envelope("v1", "ConfigMap",
        [
            .. Bytes(1, [.. Text(1, "a"), .. Text(2, ""), .. Text(3, ""), .. Text(5, ""), .. Number(7, 0), .. Bytes(8, []), .. Bytes(11, [.. Text(1, "x"), .. Text(2, "")])]),
            .. Bytes(2, [.. Text(1, "k"), .. Text(2, "v")]),
        ]));

    [Fact]
    public void Zero_of_a_pointer_is_a_value() => Same(
        """{"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":0,"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":1}}}}""",
        Envelope("apps/v1", "Deployment",
            Bytes(2, [.. Number(1, 0), .. Bytes(4, [.. Text(1, ""), .. Bytes(2, [.. Bytes(1, [.. Number(1, 0), .. Number(2, 1), .. Text(3, "")]), .. Bytes(2, [.. Number(1, 1), .. Number(2, 0), .. Text(3, "25%")])])])])));

    [Fact]
    public void Inlined_messages_stand_in_their_parent_and_quantities_are_text() => Same(
        """{"apiVersion":"v1","kind":"Pod","spec":{"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Gi"}}]}}""",
        Envelope("v1", "Pod", Bytes(2, Bytes(1, [.. Text(1, "v"), .. Bytes(2, Bytes(2, [.. Text(1, ""), .. Bytes(2, Text(1, "1Gi"))]))]))));

    [Fact]
    public void Times_have_whole_seconds() => Same(
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"creationTimestamp":"1970-01-01T00:00:05Z"}}""",
        Envelope("v1", "ConfigMap", Bytes(1, Bytes(8, [.. Number(1, 5), .. Number(2, 0)]))));

    [Fact]
    public void Broken_bytes_are_a_format_error_and_nothing_else()
    {
        var good = Envelope("v1", "ConfigMap", [.. Bytes(1, Text(1, "a")), .. Bytes(2, [.. Text(1, "k"), .. Text(2, "v")])]);
        Gen.Select(Gen.Int[4, good.Length - 1], Gen.Byte).Array[1, 4].Sample(changes =>
        {
            var bad = (byte[])good.Clone();
            foreach (var (at, value) in changes)
            {
                bad[at] = value;
            }

            try
            {
                JsonNode.Parse(ProtobufReader.ToJson(bad));
            }
            catch (FormatException)
            {
                return;
            }
        }, iter: 2000);
    }
}
