using System.Globalization;
using ActorKube.Api.Machinery;

namespace ActorKube.ApiServer.Admission.PodSecurity;

/// <summary>How much a pod may ask for. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/</summary>
internal enum PolicyLevel
{
    /// <summary>Everything.</summary>
    Privileged,

    /// <summary>Nothing that is known to lead out of the container.</summary>
    Baseline,

    /// <summary>Only what hardened pods need.</summary>
    Restricted,
}

/// <summary>Levels as text.</summary>
internal static class PolicyLevels
{
    /// <summary>What a level has to be.</summary>
    public const string Expected = "must be one of privileged, baseline, restricted";

    /// <summary>Reads a level.</summary>
    public static bool TryParse(string text, out PolicyLevel level)
    {
        level = text switch { "privileged" => PolicyLevel.Privileged, "baseline" => PolicyLevel.Baseline, _ => PolicyLevel.Restricted };
        return text is "privileged" or "baseline" or "restricted";
    }
}

/// <summary>The Kubernetes release whose form of a level holds. A null minor number is the latest.</summary>
internal readonly record struct PolicyVersion(int? Minor)
{
    /// <summary>What a version has to be.</summary>
    public const string Expected = "must be \"latest\" or \"v1.x\"";

    /// <summary>Reads a version.</summary>
    public static bool TryParse(string text, out PolicyVersion version)
    {
        version = default;
        if (text == "latest")
        {
            return true;
        }

        if (!text.StartsWith("v1.", StringComparison.Ordinal) || text.Length is < 4 or > 9 || (text.Length > 4 && text[3] == '0') || !text.AsSpan(3).TrimStart("0123456789").IsEmpty)
        {
            return false;
        }

        version = new PolicyVersion(int.Parse(text.AsSpan(3), CultureInfo.InvariantCulture));
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Minor is { } minor ? $"v1.{minor}" : "latest";
}

/// <summary>A level in one release's form.</summary>
internal readonly record struct LevelVersion(PolicyLevel Level, PolicyVersion Version)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Level.ToString().ToLowerInvariant()}:{Version}";
}

/// <summary>What holds for a namespace: which level is enforced, which audited, which warned of.</summary>
internal sealed record Policy(LevelVersion Enforce, LevelVersion Audit, LevelVersion Warn)
{
    private const string Prefix = "pod-security.kubernetes.io/";
    private const string EnforceLabel = Prefix + "enforce";
    private const string AuditLabel = Prefix + "audit";
    private const string WarnLabel = Prefix + "warn";

    /// <summary>Whether nothing is checked.</summary>
    public bool IsPrivileged => Enforce.Level == PolicyLevel.Privileged && Audit.Level == PolicyLevel.Privileged && Warn.Level == PolicyLevel.Privileged;

    /// <summary>The policy of the settings.</summary>
    public static Policy From(PodSecuritySettings settings) => new(
        Read(settings.Enforce, settings.EnforceVersion), Read(settings.Audit, settings.AuditVersion), Read(settings.Warn, settings.WarnVersion));

    /// <summary>
    /// The policy of a namespace's labels; what they do not say comes from <paramref name="defaults"/>. A label that cannot be read is
    /// taken for the strictest where it is enforced, for nothing where it is only told of. Who enforces more than is warned of is warned of it too.
    /// </summary>
    public static Policy Of(IDictionary<string, string>? labels, Policy defaults, List<FieldError> errors)
    {
        if (labels is null or { Count: 0 })
        {
            return defaults;
        }

        var (enforce, enforceSaid) = Mode(EnforceLabel, defaults.Enforce, PolicyLevel.Restricted);
        var (audit, _) = Mode(AuditLabel, defaults.Audit, PolicyLevel.Privileged);
        var (warn, _) = Mode(WarnLabel, defaults.Warn, PolicyLevel.Privileged);
        if (!labels.ContainsKey(WarnLabel) && enforceSaid && enforce.Level > warn.Level)
        {
            warn = new LevelVersion(enforce.Level, labels.ContainsKey(WarnLabel + "-version") ? warn.Version : enforce.Version);
        }

        return new Policy(enforce, audit, warn);

        (LevelVersion Value, bool Said) Mode(string label, LevelVersion byDefault, PolicyLevel whenUnreadable)
        {
            var (level, version, said) = (byDefault.Level, byDefault.Version, false);
            if (labels.TryGetValue(label, out var text))
            {
                said = PolicyLevels.TryParse(text, out level);
                if (!said)
                {
                    level = whenUnreadable;
                    errors.Add(FieldError.Invalid($"metadata.labels[{label}]", text, PolicyLevels.Expected));
                }
            }

            if (labels.TryGetValue(label + "-version", out text) && !PolicyVersion.TryParse(text, out version))
            {
                errors.Add(FieldError.Invalid($"metadata.labels[{label}-version]", text, PolicyVersion.Expected));
            }

            return (new LevelVersion(level, version), said);
        }
    }

    /// <summary>What the labels of a namespace ask for beyond nothing: <c>enforce=restricted:latest, warn=baseline:v1.30</c>.</summary>
    public string Said(IDictionary<string, string>? labels)
    {
        var parts = new List<string>();
        foreach (var (label, value) in new[] { (EnforceLabel, Enforce), (AuditLabel, Audit), (WarnLabel, Warn) })
        {
            if (value.Level != PolicyLevel.Privileged && labels is not null && (labels.ContainsKey(label) || labels.ContainsKey(label + "-version")))
            {
                parts.Add($"{label[Prefix.Length..]}={value}");
            }
        }

        return string.Join(", ", parts);
    }

    private static LevelVersion Read(string level, string version)
    {
        PolicyLevels.TryParse(level, out var readLevel);
        PolicyVersion.TryParse(version, out var readVersion);
        return new LevelVersion(readLevel, readVersion);
    }
}
