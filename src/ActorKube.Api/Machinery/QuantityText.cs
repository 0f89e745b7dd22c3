using System.Globalization;
using System.Numerics;

namespace ActorKube.Api.Machinery;

/// <summary>
/// The text form of quantities: a signed decimal number and one of <c>n u m k M G T P E</c>, <c>Ki Mi Gi Ti Pi Ei</c>
/// or an exponent <c>e3</c>.
/// </summary>
internal static class QuantityText
{
    private const string WrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    private const string WrongNumber = "unable to parse numeric part of quantity";
    private const string WrongSuffix = "unable to parse quantity's suffix";

    private const int NanoExponent = -9;

    // Beyond this many digits the value is capped anyway; it keeps "1e999999999" from building a number of that length.
    private const int LargestExponent = 60;

    private static readonly BigInteger BinaryCap = long.MaxValue * BigInteger.Pow(10, 9);
    private static readonly BigInteger Cap = BigInteger.Pow(10, 38);

    public static string? Read(string? text, out Int128 nano, out QuantityFormat format)
    {
        nano = 0;
        format = QuantityFormat.DecimalSI;
        if (string.IsNullOrEmpty(text))
        {
            return WrongFormat;
        }

        var position = text[0] is '-' or '+' ? 1 : 0;
        var negative = text[0] == '-';
        var wholeStart = position;
        while (position < text.Length && char.IsAsciiDigit(text[position]))
        {
            position++;
        }

        var whole = text.AsSpan(wholeStart, position - wholeStart);
        ReadOnlySpan<char> fraction = [];
        if (position < text.Length && text[position] == '.')
        {
            var start = ++position;
            while (position < text.Length && char.IsAsciiDigit(text[position]))
            {
                position++;
            }

            fraction = text.AsSpan(start, position - start);
        }

        if (whole.Length + fraction.Length == 0)
        {
            return WrongFormat;
        }

        var suffix = text.AsSpan(position);
        if (!HasSuffixShape(suffix))
        {
            return suffix.StartsWith(".") ? WrongNumber : WrongFormat;
        }

        if (!TryReadSuffix(suffix, out var powerOfTen, out var powerOfTwo, out format))
        {
            return WrongSuffix;
        }

        if (whole.Length + fraction.Length <= 18 && powerOfTwo == 0 && powerOfTen - fraction.Length >= NanoExponent && powerOfTen <= 9)
        {
            // The common case needs no big numbers: at most 18 digits and a scale of at most 10^18.
            var small = Digits(whole) * (long)Math.Pow(10, fraction.Length) + Digits(fraction);
            nano = (Int128)small * Power(powerOfTen - fraction.Length - NanoExponent);
        }
        else
        {
            nano = Large(whole, fraction, powerOfTen, powerOfTwo, ref format);
        }

        if (negative)
        {
            nano = -nano;
        }

        return null;
    }

    public static string Write(Int128 nano, QuantityFormat format)
    {
        if (nano == 0)
        {
            return "0";
        }

        var whole = nano % 1_000_000_000 == 0;
        var units = nano / 1_000_000_000;
        if (format == QuantityFormat.BinarySI && (!whole || (units > -1024 && units < 1024)))
        {
            // Neither a fraction nor a number below 1Ki can be written in powers of 1024.
            format = QuantityFormat.DecimalSI;
        }

        if (format == QuantityFormat.BinarySI)
        {
            var power = 0;
            while (power < 6 && units % 1024 == 0)
            {
                units /= 1024;
                power++;
            }

            return units.ToString(CultureInfo.InvariantCulture) + (power == 0 ? "" : "KMGTPE"[power - 1] + "i");
        }

        var exponent = NanoExponent;
        while (exponent < 18 && nano % 1000 == 0)
        {
            nano /= 1000;
            exponent += 3;
        }

        var digits = nano.ToString(CultureInfo.InvariantCulture);
        if (format == QuantityFormat.DecimalExponent)
        {
            return exponent == 0 ? digits : $"{digits}e{exponent.ToString(CultureInfo.InvariantCulture)}";
        }

        return digits + exponent switch
        {
            -9 => "n",
            -6 => "u",
            -3 => "m",
            0 => "",
            3 => "k",
            6 => "M",
            9 => "G",
            12 => "T",
            15 => "P",
            _ => "E",
        };
    }

    private static Int128 Large(ReadOnlySpan<char> whole, ReadOnlySpan<char> fraction, int powerOfTen, int powerOfTwo, ref QuantityFormat format)
    {
        var number = BigInteger.Parse($"0{whole}{fraction}", NumberStyles.None, CultureInfo.InvariantCulture) << powerOfTwo;
        var exponent = powerOfTen - fraction.Length - NanoExponent;
        if (number.IsZero)
        {
            return 0;
        }

        if (exponent >= 0)
        {
            number *= BigInteger.Pow(10, Math.Min(exponent, LargestExponent));
        }
        else if (-exponent > whole.Length + fraction.Length + LargestExponent)
        {
            number = BigInteger.One;
        }
        else
        {
            // Asking for next to nothing still gets the smallest amount there is.
            number = BigInteger.DivRem(number, BigInteger.Pow(10, -exponent), out var rest) + (rest.IsZero ? 0 : 1);
        }

        if (format == QuantityFormat.BinarySI && number > BinaryCap)
        {
            number = BinaryCap;
        }

        if (format == QuantityFormat.BinarySI && number < 1_000_000_000)
        {
            format = QuantityFormat.DecimalSI;
        }

        return (Int128)BigInteger.Min(number, Cap);
    }

    private static bool HasSuffixShape(ReadOnlySpan<char> suffix)
    {
        var letters = suffix.IndexOfAnyExcept("eEinumkKMGTP");
        if (letters < 0)
        {
            return true;
        }

        var rest = suffix[letters..];
        if (rest[0] is '+' or '-')
        {
            rest = rest[1..];
        }

        return !rest.ContainsAnyExceptInRange('0', '9');
    }

    private static bool TryReadSuffix(ReadOnlySpan<char> suffix, out int powerOfTen, out int powerOfTwo, out QuantityFormat format)
    {
        (powerOfTen, powerOfTwo, format) = (0, 0, QuantityFormat.DecimalSI);
        if (suffix.Length == 2 && suffix[1] == 'i')
        {
            format = QuantityFormat.BinarySI;
            powerOfTwo = 10 * (1 + "KMGTPE".IndexOf(suffix[0]));
            return powerOfTwo > 0;
        }

        if (suffix.Length <= 1)
        {
            powerOfTen = suffix switch
            {
                "" => 0,
                "n" => -9,
                "u" => -6,
                "m" => -3,
                "k" => 3,
                "M" => 6,
                "G" => 9,
                "T" => 12,
                "P" => 15,
                "E" => 18,
                _ => int.MinValue,
            };
            return powerOfTen != int.MinValue;
        }

        format = QuantityFormat.DecimalExponent;
        if (suffix[0] is not ('e' or 'E') || !long.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent))
        {
            return false;
        }

        powerOfTen = (int)Math.Clamp(exponent, -1_000_000, 1_000_000);
        return true;
    }

    private static long Digits(ReadOnlySpan<char> digits) => digits.Length == 0 ? 0 : long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private static Int128 Power(int exponent)
    {
        Int128 power = 1;
        for (var i = 0; i < exponent; i++)
        {
            power *= 10;
        }

        return power;
    }
}
