using System.Net;
using ActorKube.ApiServer.Services;

namespace ActorKube.ApiServer.Tests.Services;

public sealed class ServiceAddressTests
{
    private static readonly AddressRange Range = new(IPNetwork.Parse("10.96.0.0/16"));

    [Theory]
    [InlineData(1, "10.96.0.1")]
    [InlineData(256, "10.96.1.0")]
    [InlineData(65534, "10.96.255.254")]
    public void Numbers_and_addresses_say_the_same(int number, string address)
    {
        Assert.Equal(address, Range.Address(number));
        Assert.Equal(number, Range.Number(address));
    }

    [Theory]
    [InlineData("10.96.0.0")]
    [InlineData("10.96.255.255")]
    [InlineData("10.97.0.1")]
    [InlineData("10.95.255.255")]
    [InlineData("fd00::1")]
    [InlineData("None")]
    public void Addresses_outside_have_no_number(string address) => Assert.Null(Range.Number(address));

    [Fact]
    public void The_lower_part_is_kept_for_those_who_ask() => Assert.Equal((65534, 256), (Range.Count, Range.StaticCount));
}
