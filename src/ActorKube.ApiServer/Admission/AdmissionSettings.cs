using Akka.Configuration;

namespace ActorKube.ApiServer.Admission;

/// <summary>The section <c>actorkube.apiserver.admission</c>, typed. <c>reference.conf</c> explains each setting.</summary>
public sealed record AdmissionSettings
{
    private static readonly string[] OffByDefault = ["AlwaysPullImages", "ExtendedResourceToleration", "OwnerReferencesPermissionEnforcement"];

    /// <summary>Every plugin, in the order in which they run. Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/</summary>
    public static IReadOnlyList<string> Plugins { get; } =
    [
        "NamespaceLifecycle", "LimitRanger", "ServiceAccount", "NodeRestriction", "TaintNodesByCondition", "AlwaysPullImages", "PodSecurity", "Priority",
        "DefaultTolerationSeconds", "ExtendedResourceToleration", "DefaultStorageClass", "StorageObjectInUseProtection", "OwnerReferencesPermissionEnforcement",
        "PersistentVolumeClaimResize", "RuntimeClass", "CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "DefaultIngressClass",
        "PodTopologyLabels", "ResourceQuota",
    ];

    /// <summary>Plugins that are switched off.</summary>
    public required IReadOnlyList<string> Disabled { get; init; }

    /// <summary>Plugins that are switched on beside those that are on anyhow.</summary>
    public required IReadOnlyList<string> Enabled { get; init; }

    /// <summary>Whether pods get the credentials of their service account.</summary>
    public required bool MountServiceAccountToken { get; init; }

    /// <summary>Seconds that a pod stays on a node that is not ready.</summary>
    public required long NotReadyTolerationSeconds { get; init; }

    /// <summary>Seconds that a pod stays on a node that cannot be reached.</summary>
    public required long UnreachableTolerationSeconds { get; init; }

    /// <summary>Settings of PodSecurity.</summary>
    public required PodSecuritySettings PodSecurity { get; init; }

    /// <summary>What may only be used under a quota.</summary>
    public IReadOnlyList<Quota.LimitedResource> LimitedResources { get; init; } = [];

    /// <summary>Whether a plugin is on.</summary>
    public bool IsOn(string plugin) => !Disabled.Contains(plugin) && (!OffByDefault.Contains(plugin) || Enabled.Contains(plugin));

    /// <summary>Reads the section.</summary>
    /// <param name="section">The section <c>actorkube.apiserver.admission</c>, complete.</param>
    /// <exception cref="ConfigurationException">A value is not one of those allowed.</exception>
    public static AdmissionSettings From(Config section)
    {
        var settings = new AdmissionSettings
        {
            Disabled = Names(section, "disabled"),
            Enabled = Names(section, "enabled"),
            MountServiceAccountToken = section.GetBoolean("service-account.mount-token"),
            NotReadyTolerationSeconds = Seconds(section, "default-toleration-seconds.not-ready"),
            UnreachableTolerationSeconds = Seconds(section, "default-toleration-seconds.unreachable"),
            PodSecurity = PodSecuritySettings.From(section.GetConfig("pod-security")),
            LimitedResources = [.. Quota.LimitedResource.Items(section, "resource-quota.limited-resources").Select(Quota.LimitedResource.From)],
        };
        return settings.Enabled.FirstOrDefault(settings.Disabled.Contains) is { } both
            ? throw new ConfigurationException($"actorkube.apiserver.admission: {both} is in enabled and in disabled")
            : settings;
    }

    private static string[] Names(Config section, string key)
    {
        string[] names = [.. section.GetStringList(key)];
        return names.FirstOrDefault(n => !Plugins.Contains(n)) is { } unknown
            ? throw new ConfigurationException($"actorkube.apiserver.admission.{key}: '{unknown}' is no admission plugin; there are {string.Join(", ", Plugins)}")
            : names;
    }

    private static long Seconds(Config section, string key)
    {
        var span = section.GetTimeSpan(key);
        return span >= TimeSpan.Zero
            ? (long)span.TotalSeconds
            : throw new ConfigurationException($"actorkube.apiserver.admission.{key}: '{section.GetString(key)}' is not a time of zero or more");
    }
}

/// <summary>The section <c>actorkube.apiserver.admission.pod-security</c>: what holds where a namespace's labels say nothing, and for whom nothing holds.</summary>
public sealed record PodSecuritySettings
{
    /// <summary>Level that is enforced.</summary>
    public required string Enforce { get; init; }

    /// <summary>Version of the enforced level.</summary>
    public required string EnforceVersion { get; init; }

    /// <summary>Level that is audited.</summary>
    public required string Audit { get; init; }

    /// <summary>Version of the audited level.</summary>
    public required string AuditVersion { get; init; }

    /// <summary>Level that is warned of.</summary>
    public required string Warn { get; init; }

    /// <summary>Version of the level that is warned of.</summary>
    public required string WarnVersion { get; init; }

    /// <summary>Users for whom nothing is checked.</summary>
    public required IReadOnlyList<string> ExemptUsers { get; init; }

    /// <summary>Runtime classes whose pods are not checked.</summary>
    public required IReadOnlyList<string> ExemptRuntimeClasses { get; init; }

    /// <summary>Namespaces in which nothing is checked.</summary>
    public required IReadOnlyList<string> ExemptNamespaces { get; init; }

    /// <summary>Reads the section.</summary>
    /// <param name="section">The section, complete.</param>
    /// <exception cref="ConfigurationException">A level or version is none.</exception>
    public static PodSecuritySettings From(Config section) => new()
    {
        Enforce = Level(section, "defaults.enforce"),
        EnforceVersion = Version(section, "defaults.enforce-version"),
        Audit = Level(section, "defaults.audit"),
        AuditVersion = Version(section, "defaults.audit-version"),
        Warn = Level(section, "defaults.warn"),
        WarnVersion = Version(section, "defaults.warn-version"),
        ExemptUsers = [.. section.GetStringList("exemptions.usernames")],
        ExemptRuntimeClasses = [.. section.GetStringList("exemptions.runtime-classes")],
        ExemptNamespaces = [.. section.GetStringList("exemptions.namespaces")],
    };

    private static string Level(Config section, string key) => PodSecurity.PolicyLevels.TryParse(section.GetString(key), out _) ? section.GetString(key) : throw Wrong(section, key, PodSecurity.PolicyLevels.Expected);

    private static string Version(Config section, string key) => PodSecurity.PolicyVersion.TryParse(section.GetString(key), out _) ? section.GetString(key) : throw Wrong(section, key, PodSecurity.PolicyVersion.Expected);

    private static ConfigurationException Wrong(Config section, string key, string expected) =>
        new($"actorkube.apiserver.admission.pod-security.{key}: '{section.GetString(key)}' {expected}");
}
