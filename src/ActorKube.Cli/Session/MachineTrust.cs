using System.Runtime.InteropServices;

namespace ActorKube.Cli.Session;

/// <summary>
/// The authorities that the machine trusts. A cluster has an authority of its own, so they are not needed; yet OpenSSL's file of them is read with
/// the first certificate that is looked at, and parsing its hundred and more certificates takes longer than the request itself.
/// </summary>
internal static partial class MachineTrust
{
    /// <summary>From now on this process trusts nobody but who it is told to. Called before the first TLS connection.</summary>
    public static void Leave()
    {
        if (!OperatingSystem.IsLinux())
            return;
        // The runtime's own Environment.SetEnvironmentVariable does not reach the C library, where OpenSSL looks.
        SetEnvironment("SSL_CERT_FILE", "/dev/null", 1);
        SetEnvironment("SSL_CERT_DIR", "/dev/null", 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
