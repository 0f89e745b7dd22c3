using System.Globalization;

namespace ActorKube.Cli.CommandLine;

/// <summary>Time spans as flags write them: <c>5m</c>, <c>1h30m</c>, <c>1.5s</c>, <c>300ms</c>.</summary>
internal static class GoDuration
{
    private static readonly (string Unit, double Seconds)[] Units = [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)];

    /// <summary>Reads it; the error says what is wrong with it.</summary>
    public static bool TryParse(string text, out TimeSpan span, out string error)
    {
        (span, error) = (TimeSpan.Zero, "");
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        if (negative || rest.StartsWith("+"))
            rest = rest[1..];
        if (rest is "0")
            return true;
        var seconds = 0.0;
        if (rest.IsEmpty)
            return Fail("invalid duration", text, out error);
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits == 0 || !double.TryParse(digits < 0 ? rest : rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return Fail("invalid duration", text, out error);
            if (digits < 0)
                return Fail("missing unit in duration", text, out error);
            rest = rest[digits..];
            var letters = rest.IndexOfAny("0123456789.");
            var unit = (letters < 0 ? rest : rest[..letters]).ToString();
            var known = Array.Find(Units, u => u.Unit == unit);
            if (known.Unit is null)
                return Fail($"unknown unit \"{unit}\" in duration", text, out error);
            seconds += number * known.Seconds;
            rest = rest[unit.Length..];
        }

        if (seconds > TimeSpan.MaxValue.TotalSeconds / 2)
            return Fail("invalid duration", text, out error);
        span = TimeSpan.FromSeconds(negative ? -seconds : seconds);
        return true;
    }

    private static bool Fail(string why, string text, out string error)
    {
        error = $"{why} \"{text}\"";
        return false;
    }
}
