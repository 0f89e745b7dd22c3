namespace ActorKube.Kubelet.Volumes;

/// <summary>File permissions, where the platform has them.</summary>
internal static class Modes
{
    public const UnixFileMode Directory = (UnixFileMode)0b111_101_101;
    public const UnixFileMode Everyone = (UnixFileMode)0b111_111_111;

    /// <summary>What a group that owns a volume needs to read its files.</summary>
    public const UnixFileMode GroupRead = (UnixFileMode)0b000_100_000;

    public static void Set(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }

    public static bool Has(string path, UnixFileMode mode) => OperatingSystem.IsWindows() || File.GetUnixFileMode(path) == mode;
}
