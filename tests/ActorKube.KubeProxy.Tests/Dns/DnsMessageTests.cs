using System.Net;
using ActorKube.KubeProxy.Dns;
using CsCheck;

namespace ActorKube.KubeProxy.Tests.Dns;

public sealed class DnsMessageTests
{
    [Fact]
    public void A_query_is_read_as_dig_writes_it()
    {
        // dig +qr WEB.default A, with a cookie: id 0x1234, RD and AD set, one question, one OPT record of 1232 bytes.
        var bytes = Convert.FromHexString("123401200001000000000001" + "03574542" + "0764656661756c74" + "00" + "0001" + "0001" + "00002904d000000000000c" + "000a0008" + "0102030405060708");

        var query = DnsQuery.Parse(bytes, out var error)!;

        Assert.Equal(DnsCode.NoError, error);
        Assert.Equal(("web.default", DnsType.A, 0x1234, true, 1232, true), (query.Name, query.Type, query.Id, query.RecursionDesired, query.UdpSize, query.HasOptions));
    }

    [Fact]
    public void A_reply_is_written_with_compressed_names_and_the_questions_capitals()
    {
        var query = DnsQuery.Parse(Convert.FromHexString("123401000001000000000000" + "03574542" + "00" + "0001" + "0001"), out _)!;

        var reply = DnsWriter.Write(query, DnsAnswer.Of([new AddressRecord("web", IPAddress.Parse("10.0.0.1"), 5)]), 512, true);

        Assert.Equal("123485800001000100000000" + "03574542" + "00" + "0001" + "0001" + "C00C" + "0001" + "0001" + "00000005" + "0004" + "0A000001", Convert.ToHexString(reply));
    }

    [Fact]
    public void A_reply_that_does_not_fit_is_marked_as_cut_off()
    {
        var query = DnsQuery.Parse(DnsWriter.Question(7, "db.default.svc.cluster.local", DnsType.A), out _)!;
        var answer = DnsAnswer.Of([.. Enumerable.Range(0, 100).Select(i => new AddressRecord("db.default.svc.cluster.local", new IPAddress([10, 0, 0, (byte)i]), 5))]);

        var small = DnsWriter.Write(query, answer, 512, true);
        var large = DnsWriter.Write(query, answer, ushort.MaxValue, true);

        Assert.True(small.Length <= 512);
        Assert.Equal(2, small[2] & 2);
        Assert.Equal(0, large[2] & 2);
        Assert.Equal(100, DnsReader.ReadAddresses(large)!.Count);
        Assert.Equal(small[7], DnsReader.ReadAddresses(small)!.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1234")]
    [InlineData("123481800001000000000000" + "0377656200" + "00010001")]
    public void What_is_no_query_gets_no_answer(string hex) => Assert.Null(DnsQuery.Parse(Convert.FromHexString(hex), out _));

    [Theory]
    [InlineData("123401000002000000000000" + "0377656200" + "00010001", DnsCode.FormatError)]
    [InlineData("123401000001000000000000" + "C00C" + "00010001", DnsCode.FormatError)]
    [InlineData("123401000001000000000000" + "40", DnsCode.FormatError)]
    [InlineData("123401000001000000000000" + "0377656200" + "00010003", DnsCode.NotImplemented)]
    [InlineData("123429000001000000000000" + "0377656200" + "00010001", DnsCode.NotImplemented)]
    public void A_query_that_cannot_be_served_is_answered_with_the_reason(string hex, DnsCode expected)
    {
        Assert.NotNull(DnsQuery.Parse(Convert.FromHexString(hex), out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void Nothing_a_stranger_sends_breaks_the_reader() => Gen.Byte.Array[0, 80].Sample(bytes =>
    {
        if (bytes.Length > 5)
            (bytes[2], bytes[4], bytes[5]) = ((byte)(bytes[2] & 7), 0, 1);
        if (DnsQuery.Parse(bytes, out var error) is { } query && error == DnsCode.NoError)
            DnsWriter.Write(query, DnsAnswer.Of(DnsCode.NoSuchName), query.UdpSize, false);
        DnsReader.ReadAddresses(bytes);
    });

    [Fact]
    public void Records_survive_writing_and_reading()
    {
        var label = Gen.String[Gen.Char["abcxyz019-"], 1, 20];
        var name = label.Array[1, 5].Select(l => string.Join('.', l));
        var record = Gen.OneOf(
            Gen.Select(name, Gen.Byte.Array[4]).Select((n, b) => (DnsRecord)new AddressRecord(n, new IPAddress(b), 7)),
            Gen.Select(name, Gen.Byte.Array[16]).Select((n, b) => (DnsRecord)new AddressRecord(n, new IPAddress(b), 7)),
            Gen.Select(name, name).Select((n, t) => (DnsRecord)new NameRecord(n, DnsType.CNAME, t, 7)));
        Gen.Select(name, record.Array[0, 10]).Sample((question, records) =>
        {
            var query = DnsQuery.Parse(DnsWriter.Question(1, question, DnsType.A), out _)!;
            Assert.Equal(records, DnsReader.ReadAddresses(DnsWriter.Write(query, DnsAnswer.Of(records), ushort.MaxValue, true)));
        });
    }
}
