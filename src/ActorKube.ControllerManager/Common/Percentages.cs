using System.Globalization;

namespace ActorKube.ControllerManager.Common;

/// <summary>Numbers that may be given as a percentage.</summary>
internal static class Percentages
{
    /// <summary>The number, or the part of <paramref name="total"/> that a percentage such as <c>25%</c> stands for.</summary>
    public static int Resolve(string value, int total, Func<double, double> round) => value.EndsWith('%')
        ? (int)round(int.Parse(value.AsSpan(0, value.Length - 1), CultureInfo.InvariantCulture) * total / 100d)
        : int.Parse(value, CultureInfo.InvariantCulture);
}
