using System.Globalization;

namespace ActorKube.Api.Meta;

/// <summary>
/// How the API server notes the use of service account tokens that lie in secrets, and the controller that ends unused ones reads it.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#legacy-serviceaccount-token-tracking-controller
/// </summary>
public static class LegacyTokens
{
    /// <summary>The ConfigMap in kube-system that says since when uses are noted.</summary>
    public const string TrackingName = "kube-apiserver-legacy-service-account-token-tracking";

    /// <summary>The label with the day on which a token was last used.</summary>
    public const string LastUsed = "kubernetes.io/legacy-token-last-used";

    private const string Format = "yyyy-MM-dd";

    /// <summary>A day as it stands in labels.</summary>
    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>The day at a key; null for none.</summary>
    public static DateTimeOffset? DayOf(IDictionary<string, string>? values, string key) =>
        values?.TryGetValue(key, out var text) is true && DateTimeOffset.TryParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) ? day : null;
}
