using System.Runtime.InteropServices;

namespace ActorKube.ContainerRuntime.Builtin.Native;

/// <summary>Overlay mounts of many layers.</summary>
internal static partial class Overlay
{
    private const int CloneFileSystem = 0x200;

    /// <summary>
    /// Mounts layers, top first, under a writable one. Their paths are relative to <paramref name="layerRoot"/>, for all options together must fit into
    /// one page of 4096 bytes: the calling thread, which must be a dedicated one, changes its own working directory to there.
    /// </summary>
    public static void Mount(string layerRoot, IReadOnlyList<string> layers, string upper, string work, string target)
    {
        Libc.Unshare(CloneFileSystem);
        Libc.Check(chdir(layerRoot), $"chdir {layerRoot}");
        Libc.Mount("overlay", target, "overlay", 0, $"lowerdir={string.Join(':', layers)},upperdir={Escape(upper)},workdir={Escape(work)}");
    }

    private static string Escape(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chdir(string path);
}
