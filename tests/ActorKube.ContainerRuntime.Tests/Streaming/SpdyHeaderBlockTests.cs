using ActorKube.ContainerRuntime.Streaming.Spdy;
using CsCheck;

namespace ActorKube.ContainerRuntime.Tests.Streaming;

public sealed class SpdyHeaderBlockTests
{
    [Fact]
    public void The_dictionary_is_the_protocols()
    {
        uint a = 1, b = 0;
        foreach (var value in SpdyDictionary.Bytes)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        Assert.Equal(1423, SpdyDictionary.Bytes.Length);
        Assert.Equal(SpdyDictionary.Id, (b << 16) | a);
    }

    [Fact]
    public void Reads_what_zlib_wrote_with_the_dictionary()
    {
        // Two blocks from one zlib compressor (level 9, preset dictionary, sync flush): {"streamtype":"error"} and
        // {"streamtype":"data","port":"8080","accept-encoding":"gzip,deflate"}.
        using var decompressor = new SpdyHeaderDecompressor();
        Assert.Equal("error", decompressor.Decompress(Convert.FromHexString(First))["streamType"]);
        var headers = decompressor.Decompress(Convert.FromHexString(Second));
        Assert.Equal(("data", "8080", "gzip,deflate"), (headers["streamtype"], headers["port"], headers["Accept-Encoding"]));
    }

    [Fact]
    public void Blocks_come_out_as_they_went_in_however_many()
    {
        var texts = Gen.String[Gen.Char.AlphaNumeric, 1, 20];
        var block = Gen.Dictionary(texts.Select(t => t.ToLowerInvariant()), Gen.String[Gen.Char['\u0001', '\u07ff'], 0, 300])[0, 6];
        block.List[1, 20].Sample(blocks =>
        {
            using var compressor = new SpdyHeaderCompressor();
            using var decompressor = new SpdyHeaderDecompressor();
            return blocks.All(headers =>
            {
                var read = decompressor.Decompress(compressor.Compress(headers));
                return read.Count == headers.Count && headers.All(h => read[h.Key] == h.Value);
            });
        }, iter: 200);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00112233445566")]
    [InlineData("78bbe3c6a7c2ffffffffffffff")]
    [InlineData("78bb00000000")]
    public void What_is_no_block_is_a_protocol_error(string hex)
    {
        using var decompressor = new SpdyHeaderDecompressor();
        Assert.Throws<SpdyException>(() => decompressor.Decompress(Convert.FromHexString(hex)));
    }

    [Fact]
    public void A_block_that_claims_to_be_huge_is_refused_before_it_is_read()
    {
        using var compressor = new SpdyHeaderCompressor();
        using var decompressor = new SpdyHeaderDecompressor();
        var bomb = new Dictionary<string, string> { ["a"] = new string('x', 100_000) };
        Assert.Throws<SpdyException>(() => decompressor.Decompress(compressor.Compress(bomb)));
    }

    private const string First = "78f9e3c6a7c202a62346703a2b294a4dcc851625aca9a08006000000ffff";
    private const string Second = "02a5470c295029930829b08bc079c3c2c0c2007b11cc83ec3200000000ffff";
}
