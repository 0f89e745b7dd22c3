namespace ActorKube.Kubelet.Volumes;

/// <summary>One file of a volume that the kubelet writes.</summary>
/// <param name="Content">The bytes.</param>
/// <param name="Mode">Permissions, such as 0644.</param>
/// <param name="User">Owner; null for root.</param>
internal sealed record VolumeFile(byte[] Content, UnixFileMode Mode, long? User = null)
{
    public bool Same(VolumeFile other) => Mode == other.Mode && User == other.User && Content.AsSpan().SequenceEqual(other.Content);
}

/// <summary>A volume cannot be set up; the message is for the FailedMount event.</summary>
internal sealed class VolumeException(string volume, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The volume's name in the pod.</summary>
    public string Volume { get; } = volume;

    /// <summary><c>MountVolume.SetUp failed for volume "cfg" : configmap "x" not found</c>.</summary>
    public string EventMessage => $"MountVolume.SetUp failed for volume \"{Volume}\" : {Message}";
}
