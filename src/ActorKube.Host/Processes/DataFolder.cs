namespace ActorKube.Host.Processes;

/// <summary>Keeps a second process out of the same data folder.</summary>
public static class DataFolder
{
    /// <summary>Makes the folder if need be and holds it until disposed. Throws when another process holds it.</summary>
    public static IDisposable Lock(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new Commands.ProcessFailedException($"the data folder {folder} cannot be written: {e.Message}", e);
        }
        catch (IOException e) when (File.Exists(Path.Combine(folder, ".lock")))
        {
            throw new Commands.ProcessFailedException($"the data folder {folder} is in use by another process", e);
        }
        catch (IOException e)
        {
            throw new Commands.ProcessFailedException($"the data folder {folder} cannot be made: {e.Message}", e);
        }
    }
}
