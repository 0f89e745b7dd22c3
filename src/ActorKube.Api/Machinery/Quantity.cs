using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>Which of its three notations a quantity is written in.</summary>
public enum QuantityFormat
{
    /// <summary>Powers of ten with a letter: <c>500m</c>, <c>12M</c>.</summary>
    DecimalSI,

    /// <summary>Powers of 1024: <c>12Mi</c>.</summary>
    BinarySI,

    /// <summary>Powers of ten with an exponent: <c>12e6</c>.</summary>
    DecimalExponent,
}

/// <summary>
/// An amount of a resource, exact: a whole number of billionths (Kubernetes keeps nothing finer and rounds up).
/// Examples: <c>0.5</c> is <c>500m</c>, <c>1.5Gi</c> is <c>1536Mi</c>, <c>0.1n</c> is <c>1n</c>.
/// A magnitude beyond 10^29 is capped; Kubernetes promises no more than 2^63-1.
/// </summary>
public readonly struct Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    private const long Nano = 1_000_000_000;

    private static readonly Int128 Largest = Int128.Parse("1" + new string('0', 38), CultureInfo.InvariantCulture);

    private readonly Int128 _nano;

    private Quantity(Int128 nano, QuantityFormat format)
    {
        _nano = nano > Largest ? Largest : nano < -Largest ? -Largest : nano;
        Format = format;
    }

    /// <summary>Nothing.</summary>
    public static Quantity Zero => default;

    /// <summary>The notation it was written in and is written back in.</summary>
    public QuantityFormat Format { get; }

    /// <summary>Whether it is nothing.</summary>
    public bool IsZero => _nano == 0;

    /// <summary>-1, 0 or 1.</summary>
    public int Sign => Int128.Sign(_nano);

    /// <summary>Whole units, fractions rounded away from zero; capped at what a long holds.</summary>
    public long Value => Scaled(Nano);

    /// <summary>Thousandths, smaller fractions rounded away from zero; capped at what a long holds. How processor time is counted.</summary>
    public long MilliValue => Scaled(Nano / 1000);

    /// <summary>Whether it is a whole number of units.</summary>
    public bool IsWhole => _nano % Nano == 0;

    /// <summary>The same amount in whole thousandths, rounded away from zero: how Kubernetes keeps resource requests.</summary>
    public Quantity RoundUpToMilli()
    {
        var rest = _nano % (Nano / 1000);
        return rest == 0 ? this : new Quantity(_nano - rest + Int128.Sign(_nano) * (Nano / 1000), Format);
    }

    /// <summary>As a floating-point number, for ratios.</summary>
    public double ToDouble() => (double)_nano / Nano;

    /// <summary>So many units.</summary>
    public static Quantity Of(long units, QuantityFormat format = QuantityFormat.DecimalSI) => new((Int128)units * Nano, format);

    /// <summary>So many thousandths.</summary>
    public static Quantity OfMilli(long thousandths, QuantityFormat format = QuantityFormat.DecimalSI) => new((Int128)thousandths * (Nano / 1000), format);

    /// <summary>The value of a model's quantity; null is nothing.</summary>
    public static Quantity From(ResourceQuantity? quantity) => quantity is null ? Zero : Parse(quantity.ToString());

    /// <summary>The quantity of <paramref name="name"/> in a resource list; nothing when it is not there.</summary>
    public static Quantity From(IDictionary<string, ResourceQuantity>? list, string name) =>
        list is not null && list.TryGetValue(name, out var quantity) ? From(quantity) : Zero;

    /// <summary>As the models hold it.</summary>
    public ResourceQuantity ToResourceQuantity() => new(ToString());

    /// <summary>Reads a quantity. Throws <see cref="FormatException"/> with Kubernetes' message.</summary>
    public static Quantity Parse(string text) => TryParse(text, out var quantity, out var error) ? quantity : throw new FormatException(error);

    /// <summary>Reads a quantity.</summary>
    public static bool TryParse(string? text, out Quantity quantity) => TryParse(text, out quantity, out _);

    /// <summary>Reads a quantity, or says in Kubernetes' words why it is none.</summary>
    public static bool TryParse(string? text, out Quantity quantity, [NotNullWhen(false)] out string? error)
    {
        quantity = Zero;
        error = QuantityText.Read(text, out var nano, out var format);
        if (error is not null)
        {
            return false;
        }

        quantity = new Quantity(nano, format);
        return true;
    }

    /// <summary>The sum. Nothing plus something takes the other's notation.</summary>
    public static Quantity operator +(Quantity left, Quantity right) => new(left._nano + right._nano, left.IsZero ? right.Format : left.Format);

    /// <summary>The difference.</summary>
    public static Quantity operator -(Quantity left, Quantity right) => new(left._nano - right._nano, left.IsZero ? right.Format : left.Format);

    /// <summary>The opposite.</summary>
    public static Quantity operator -(Quantity quantity) => new(-quantity._nano, quantity.Format);

    /// <summary>So many times the quantity.</summary>
    public static Quantity operator *(Quantity quantity, int times)
    {
        var limit = Largest / Math.Max(1, Math.Abs((long)times));
        return new(quantity._nano > limit || quantity._nano < -limit
            ? Largest * Int128.Sign(quantity._nano) * Math.Sign(times)
            : quantity._nano * times, quantity.Format);
    }

    /// <summary>Same amount, whatever the notation.</summary>
    public static bool operator ==(Quantity left, Quantity right) => left._nano == right._nano;

    /// <summary>Different amounts.</summary>
    public static bool operator !=(Quantity left, Quantity right) => left._nano != right._nano;

    /// <summary>Less.</summary>
    public static bool operator <(Quantity left, Quantity right) => left._nano < right._nano;

    /// <summary>More.</summary>
    public static bool operator >(Quantity left, Quantity right) => left._nano > right._nano;

    /// <summary>Not more.</summary>
    public static bool operator <=(Quantity left, Quantity right) => left._nano <= right._nano;

    /// <summary>Not less.</summary>
    public static bool operator >=(Quantity left, Quantity right) => left._nano >= right._nano;

    /// <summary>The larger.</summary>
    public static Quantity Max(Quantity left, Quantity right) => left >= right ? left : right;

    /// <summary>The smaller.</summary>
    public static Quantity Min(Quantity left, Quantity right) => left <= right ? left : right;

    /// <inheritdoc/>
    public int CompareTo(Quantity other) => _nano.CompareTo(other._nano);

    /// <inheritdoc/>
    public bool Equals(Quantity other) => _nano == other._nano;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _nano.GetHashCode();

    /// <summary>The canonical text: no fraction, and the largest suffix that loses nothing.</summary>
    public override string ToString() => QuantityText.Write(_nano, Format);

    private long Scaled(long unit)
    {
        var (whole, rest) = Int128.DivRem(_nano, unit);
        if (rest != 0)
        {
            whole += Int128.Sign(_nano);
        }

        return whole > long.MaxValue ? long.MaxValue : whole < long.MinValue ? long.MinValue : (long)whole;
    }
}
