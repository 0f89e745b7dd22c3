using System.Collections.Concurrent;

namespace ActorKube.ApiServer.Admission.PodSecurity;

/// <summary>Which rules a level has in which release, and what a pod breaks of them.</summary>
internal static class PolicyEvaluator
{
    /// <summary>The release that this server speaks; later ones are taken for it.</summary>
    private const int Newest = 36;

    // Baseline rules before restricted ones, each by name: the order in which violations are told.
    private static readonly Check[] Checks =
    [
        new("appArmorProfile", PolicyLevel.Baseline, [(0, BaselineChecks.AppArmor)]),
        new("capabilities_baseline", PolicyLevel.Baseline, [(0, BaselineChecks.Capabilities)]),
        new("hostNamespaces", PolicyLevel.Baseline, [(0, BaselineChecks.HostNamespaces)]),
        new("hostPathVolumes", PolicyLevel.Baseline, [(0, BaselineChecks.HostPathVolumes)]),
        new("hostPorts", PolicyLevel.Baseline, [(0, BaselineChecks.HostPorts)]),
        new("hostProbesAndHostLifecycle", PolicyLevel.Baseline, [(34, BaselineChecks.ProbeHosts)]),
        new("privileged", PolicyLevel.Baseline, [(0, BaselineChecks.Privileged)]),
        new("procMount", PolicyLevel.Baseline, [(0, BaselineChecks.ProcMount), (35, BaselineChecks.ProcMount135)]),
        new("seLinuxOptions", PolicyLevel.Baseline, [(0, BaselineChecks.SELinux), (31, BaselineChecks.SELinux131)]),
        new("seccompProfile_baseline", PolicyLevel.Baseline, [(0, BaselineChecks.SeccompAnnotations), (19, BaselineChecks.Seccomp)]),
        new("sysctls", PolicyLevel.Baseline, [(0, BaselineChecks.Sysctls), (27, BaselineChecks.Sysctls127), (29, BaselineChecks.Sysctls129), (32, BaselineChecks.Sysctls132)]),
        new("windowsHostProcess", PolicyLevel.Baseline, [(0, BaselineChecks.WindowsHostProcess)]),
        new("allowPrivilegeEscalation", PolicyLevel.Restricted, [(8, RestrictedChecks.PrivilegeEscalation), (25, RestrictedChecks.PrivilegeEscalation125)]),
        new("capabilities_restricted", PolicyLevel.Restricted, [(22, RestrictedChecks.Capabilities), (25, RestrictedChecks.Capabilities125)], "capabilities_baseline"),
        new("procMount_restricted", PolicyLevel.Restricted, [(35, BaselineChecks.ProcMount)], "procMount"),
        new("restrictedVolumes", PolicyLevel.Restricted, [(0, RestrictedChecks.Volumes)], "hostPathVolumes"),
        new("runAsNonRoot", PolicyLevel.Restricted, [(0, RestrictedChecks.RunAsNonRoot), (35, RestrictedChecks.RunAsNonRoot135)]),
        new("runAsUser", PolicyLevel.Restricted, [(23, RestrictedChecks.RunAsUser), (35, RestrictedChecks.RunAsUser135)]),
        new("seccompProfile_restricted", PolicyLevel.Restricted, [(19, RestrictedChecks.Seccomp), (25, RestrictedChecks.Seccomp125)], "seccompProfile_baseline"),
    ];

    private static readonly ConcurrentDictionary<(PolicyLevel Level, int Minor), Func<CheckedPod, Violation?>[]> Compiled = [];

    /// <summary>What a pod breaks; empty when it is fine.</summary>
    public static IReadOnlyList<Violation> Evaluate(LevelVersion policy, CheckedPod pod)
    {
        if (policy.Level == PolicyLevel.Privileged)
        {
            return [];
        }

        var rules = Compiled.GetOrAdd((policy.Level, Math.Min(policy.Version.Minor ?? Newest, Newest)), key => Rules(key.Level, key.Minor));
        List<Violation>? broken = null;
        foreach (var rule in rules)
        {
            if (rule(pod) is { } violation)
            {
                (broken ??= []).Add(violation);
            }
        }

        return broken ?? (IReadOnlyList<Violation>)[];
    }

    /// <summary>The violations in one line: <c>host namespaces (hostNetwork=true), privileged (…)</c>.</summary>
    public static string Text(IEnumerable<Violation> violations) => string.Join(", ", violations);

    private static Func<CheckedPod, Violation?>[] Rules(PolicyLevel level, int minor)
    {
        var present = Checks.Where(c => c.Level <= level && c.In(minor) is not null).ToList();
        var replaced = present.Select(c => c.Replaces).Where(r => r is not null).ToHashSet();
        return [.. present.Where(c => !replaced.Contains(c.Id)).Select(c => c.In(minor)!)];
    }

    private sealed record Check(string Id, PolicyLevel Level, (int Since, Func<CheckedPod, Violation?> Rule)[] Releases, string? Replaces = null)
    {
        public Func<CheckedPod, Violation?>? In(int minor) => Releases.LastOrDefault(r => r.Since <= minor).Rule;
    }
}
