using k8s.Models;

namespace ActorKube.ApiServer.Registry.Claims;

/// <summary>Access modes as tables show them.</summary>
internal static class AccessModes
{
    /// <summary><c>RWO,ROX</c>.</summary>
    public static string Short(IEnumerable<string>? modes)
    {
        var all = (modes ?? []).ToHashSet(StringComparer.Ordinal);
        return string.Join(',', new[] { ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP") }
            .Where(m => all.Contains(m.Item1)).Select(m => m.Item2));
    }
}
