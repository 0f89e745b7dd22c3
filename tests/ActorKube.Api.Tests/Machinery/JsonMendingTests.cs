using System.Text;
using ActorKube.Api.Machinery;
using CsCheck;

namespace ActorKube.Api.Tests.Machinery;

public sealed class JsonMendingTests
{
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"b"}""")]
    [InlineData("""{"a":"\u00e4"}""", """{"a":"\u00e4"}""")]
    [InlineData("""["\ud83d\ude00"]""", """["\ud83d\ude00"]""")]
    [InlineData("""["\ud83d"]""", """["\ufffd"]""")]
    [InlineData("""["\ude00\ud83d"]""", """["\ufffd\ufffd"]""")]
    [InlineData("""["\ud83d\ud83d\ude00"]""", """["\ufffd\ud83d\ude00"]""")]
    [InlineData("""["\\ud83d"]""", """["\\ud83d"]""")]
    [InlineData("""["\ud83d\n"]""", """["\ufffd\n"]""")]
    [InlineData("""["\ud8""", """["\ud8""")]
    public void Halves_of_a_pair_are_replaced(string body, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(JsonMending.Mend(Encoding.UTF8.GetBytes(body)).Span));

    [Fact]
    public void Bytes_that_are_no_text_are_replaced() =>
        Assert.Equal("[\"a\ufffdb\"]", Encoding.UTF8.GetString(JsonMending.Mend(new byte[] { (byte)'[', (byte)'"', (byte)'a', 0xff, (byte)'b', (byte)'"', (byte)']' }).Span));

    [Fact]
    public void What_is_mended_can_be_read() => Gen.Byte.Array[0, 40].Sample(bytes =>
    {
        byte[] body = [(byte)'"', .. bytes.Where(b => b is not ((byte)'"' or (byte)'\\') and >= 0x20), .. "\\udc00\\ud800"u8, (byte)'"'];
        using var json = System.Text.Json.JsonDocument.Parse(JsonMending.Mend(body));
        Assert.EndsWith("\ufffd\ufffd", json.RootElement.GetString());
    });
}
