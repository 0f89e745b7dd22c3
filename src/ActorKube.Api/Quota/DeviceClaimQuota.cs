using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Quota;

/// <summary>ResourceClaims: their number, and how many devices of each class they ask for at most.</summary>
internal sealed class DeviceClaimQuota() : QuotaEvaluator("resourceclaims.resource.k8s.io")
{
    // As many as a claim may ever get.
    private const long All = 32;
    private const string OfClass = ".deviceclass.resource.k8s.io/devices";

    /// <summary>The one instance.</summary>
    public static DeviceClaimQuota Instance { get; } = new();

    /// <inheritdoc/>
    public override bool Counts(string name) => name == CountName || name.EndsWith(OfClass, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override Dictionary<string, Quantity> Usage(object value, DateTimeOffset now)
    {
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [CountName] = Quantity.Of(1) };
        foreach (var request in (value as Resourcev1ResourceClaim)?.Spec?.Devices?.Requests ?? [])
        {
            // Of alternatives only one will be taken: each class counts with its largest.
            var alternatives = new Dictionary<string, Quantity>(StringComparer.Ordinal);
            foreach (var option in request.FirstAvailable ?? [])
            {
                ResourceAmounts.Raise(alternatives, [Of(option.DeviceClassName, option.AllocationMode, option.Count)]);
            }

            ResourceAmounts.Add(usage, request.Exactly is { } exactly ? [Of(exactly.DeviceClassName, exactly.AllocationMode, exactly.Count)] : alternatives);
        }

        return usage;
    }

    private static KeyValuePair<string, Quantity> Of(string deviceClass, string? mode, long? count) =>
        new(deviceClass + OfClass, Quantity.Of(mode == "All" ? All : count ?? 1));
}
