using System.Globalization;
using System.Text.RegularExpressions;

namespace ActorKube.Api.Kinds;

/// <summary>
/// Orders API versions as Kubernetes prefers them: v2, v1, v2beta1, v1beta2, v1alpha1, and then other names by the alphabet.
/// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority
/// </summary>
public sealed partial class VersionOrder : IComparer<string>
{
    /// <summary>The order.</summary>
    public static VersionOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        var (a, b) = (Version().Match(x ?? ""), Version().Match(y ?? ""));
        if (!a.Success || !b.Success)
        {
            return a.Success == b.Success ? string.CompareOrdinal(x, y) : a.Success ? -1 : 1;
        }

        var (left, right) = (Rank(a), Rank(b));
        return right.CompareTo(left);
    }

    // Stable versions rank above beta, beta above alpha; within one the numbers decide.
    private static (int Stability, long Major, long Minor) Rank(Match version) => (
        version.Groups["stage"].Value switch { "" => 2, "beta" => 1, _ => 0 },
        long.Parse(version.Groups["major"].Value, CultureInfo.InvariantCulture),
        version.Groups["minor"].Success && version.Groups["minor"].Length > 0 ? long.Parse(version.Groups["minor"].Value, CultureInfo.InvariantCulture) : 0);

    [GeneratedRegex("^v(?<major>[1-9][0-9]{0,15})((?<stage>alpha|beta)(?<minor>[1-9][0-9]{0,15}))?$")]
    private static partial Regex Version();
}
