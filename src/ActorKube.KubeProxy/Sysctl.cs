namespace ActorKube.KubeProxy;

/// <summary>Kernel settings under <c>/proc/sys</c>, which belong to the network namespace of the thread.</summary>
public static class Sysctl
{
    /// <summary>Sets a value when it differs. Returns what went wrong, or null.</summary>
    public static string? Set(string name, string value)
    {
        var path = "/proc/sys/" + name;
        try
        {
            if (File.ReadAllText(path).Trim() != value)
            {
                File.WriteAllText(path, value);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
