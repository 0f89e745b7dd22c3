using System.Numerics;
using ActorKube.Api.Machinery;
using CsCheck;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery;

public class QuantityTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0.5", "500m")]
    [InlineData("1.5", "1500m")]
    [InlineData("1.0", "1")]
    [InlineData("100m", "100m")]
    [InlineData("1000m", "1")]
    [InlineData("1500m", "1500m")]
    [InlineData("1Gi", "1Gi")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("2.5Ki", "2560")]
    [InlineData("1.1Ki", "1126400m")]
    [InlineData("0.5Ki", "512")]
    [InlineData("1023", "1023")]
    [InlineData("1e3", "1e3")]
    [InlineData("1.5e3", "1500")]
    [InlineData("12E6", "12e6")]
    [InlineData("1e-1", "100e-3")]
    [InlineData("1000k", "1M")]
    [InlineData("100000", "100k")]
    [InlineData("1E", "1E")]
    [InlineData("0.1n", "1n")]
    [InlineData("0.0000000001", "1n")]
    [InlineData("-0.5", "-500m")]
    [InlineData("+1", "1")]
    [InlineData(".5", "500m")]
    [InlineData("5.", "5")]
    [InlineData("16Ei", "9223372036854775807")]
    [InlineData("00012", "12")]
    public void Is_written_in_canonical_form(string text, string canonical) => Assert.Equal(canonical, Quantity.Parse(text).ToString());

    [Theory]
    [InlineData("", "quantities must match the regular expression")]
    [InlineData("abc", "quantities must match the regular expression")]
    [InlineData("1x", "quantities must match the regular expression")]
    [InlineData("1 Gi", "quantities must match the regular expression")]
    [InlineData("-", "quantities must match the regular expression")]
    [InlineData("1.2.3", "unable to parse numeric part of quantity")]
    [InlineData("1i", "unable to parse quantity's suffix")]
    [InlineData("1mi", "unable to parse quantity's suffix")]
    [InlineData("1K", "unable to parse quantity's suffix")]
    [InlineData("1ee3", "unable to parse quantity's suffix")]
    public void Says_why_a_text_is_no_quantity(string text, string why)
    {
        Assert.False(Quantity.TryParse(text, out _, out var error));
        Assert.StartsWith(why, error);
    }

    [Theory]
    [InlineData("100m", 1, 100)]
    [InlineData("1500m", 2, 1500)]
    [InlineData("1u", 1, 1)]
    [InlineData("-1500m", -2, -1500)]
    [InlineData("2Ki", 2048, 2048000)]
    [InlineData("100E", long.MaxValue, long.MaxValue)]
    public void Rounds_fractions_away_from_zero(string text, long value, long milli)
    {
        var quantity = Quantity.Parse(text);
        Assert.Equal(value, quantity.Value);
        Assert.Equal(milli, quantity.MilliValue);
    }

    [Fact]
    public void Compares_amounts_whatever_their_notation()
    {
        Assert.Equal(Quantity.Parse("1"), Quantity.Parse("1000m"));
        Assert.True(Quantity.Parse("1Gi") > Quantity.Parse("1G"));
        Assert.True(Quantity.Parse("999m") < Quantity.Parse("1"));
    }

    [Fact]
    public void Nothing_takes_the_notation_of_what_is_added()
    {
        Assert.Equal("2Gi", (Quantity.Zero + Quantity.Parse("2Gi")).ToString());
        Assert.Equal("1500Mi", (Quantity.Parse("1000Mi") + Quantity.Parse("524288000")).ToString());
    }

    [Fact]
    public void An_absurd_exponent_is_capped_and_costs_nothing()
    {
        Assert.Equal(long.MaxValue, Quantity.Parse("1e999999999").Value);
        Assert.Equal("1e-9", Quantity.Parse("1e-999999999").ToString());
    }

    [Fact]
    public void Goes_into_the_models_and_back()
    {
        Assert.Equal("1536Mi", Quantity.From(new ResourceQuantity("1.5Gi")).ToString());
        Assert.Equal("250m", Quantity.Parse("0.25").ToResourceQuantity().ToString());
        Assert.True(Quantity.From(null, "cpu").IsZero);
    }

    [Fact]
    public void Reading_back_what_was_written_changes_nothing() => Texts.Sample(text =>
    {
        var first = Quantity.Parse(text);
        var written = first.ToString();
        var second = Quantity.Parse(written);
        return first == second && second.ToString() == written;
    });

    [Fact]
    public void Adding_and_taking_away_again_changes_nothing() => Gen.Select(Texts, Texts).Sample((a, b) =>
    {
        var (left, right) = (Quantity.Parse(a), Quantity.Parse(b));
        return left + right - right == left && left + right == right + left && left - right == -(right - left);
    });

    [Fact]
    public void Order_is_that_of_the_exact_numbers() => Gen.Select(Gen.Long[-1_000_000, 1_000_000], Gen.Int[-9, 9], Gen.Long[-1_000_000, 1_000_000], Gen.Int[-9, 9])
        .Sample((a, ae, b, be) =>
        {
            var left = new BigInteger(a) * BigInteger.Pow(10, ae + 9);
            var right = new BigInteger(b) * BigInteger.Pow(10, be + 9);
            return Math.Sign(left.CompareTo(right)) == Math.Sign(Quantity.Parse($"{a}e{ae}").CompareTo(Quantity.Parse($"{b}e{be}")));
        });

    private static readonly Gen<string> Texts =
        from sign in Gen.OneOf(new[] { "", "-", "+" }.Select(Gen.Const).ToArray())
        from whole in Gen.Long[0, 1_000_000_000]
        from fraction in Gen.OneOf(Gen.Const(""), Gen.Int[0, 999].Select(f => "." + f))
        from suffix in Gen.OneOf(new[] { "", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-3", "E2" }.Select(Gen.Const).ToArray())
        select $"{sign}{whole}{fraction}{suffix}";
}
