using k8s.Models;

namespace ActorKube.Kubelet.Volumes;

/// <summary>Checks that a hostPath is what the pod says it is, and creates it where asked to.</summary>
internal static class HostPathVolume
{
    public static void Check(string volume, V1HostPathVolumeSource source)
    {
        var path = source.Path;
        switch (source.Type ?? "")
        {
            case "":
                return;
            case "DirectoryOrCreate" when !Path.Exists(path):
                Directory.CreateDirectory(path);
                return;
            case "DirectoryOrCreate" or "Directory":
                Expect(volume, Directory.Exists(path), $"hostPath type check failed: {path} is not a directory");
                return;
            case "FileOrCreate" when !Path.Exists(path):
                if (Directory.Exists(Path.GetDirectoryName(path)))
                    File.Create(path).Dispose();
                else
                    throw new VolumeException(volume, $"open {path}: no such file or directory");
                return;
            case "FileOrCreate" or "File":
                Expect(volume, KindOf(path) == FileKind.Regular, $"hostPath type check failed: {path} is not a file");
                return;
            case "Socket":
                Expect(volume, KindOf(path) == FileKind.Socket, $"hostPath type check failed: {path} is not a socket file");
                return;
            case "CharDevice":
                Expect(volume, KindOf(path) == FileKind.CharacterDevice, $"hostPath type check failed: {path} is not a character device");
                return;
            case "BlockDevice":
                Expect(volume, KindOf(path) == FileKind.BlockDevice, $"hostPath type check failed: {path} is not a block device");
                return;
            default:
                throw new VolumeException(volume, $"{source.Type} is an invalid volume type");
        }
    }

    private static void Expect(string volume, bool holds, string message)
    {
        if (!holds)
            throw new VolumeException(volume, message);
    }

    private static FileKind KindOf(string path) => FileStatus.KindOf(path);
}
