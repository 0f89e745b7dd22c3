namespace ActorKube.ContainerRuntime.Images;

/// <summary>The image of the process that holds a pod's namespaces, for CRI runtimes that have none and reach no registry.</summary>
public static class PauseImage
{
    /// <summary>An OCI-layout tar with the image under the name that the runtime is configured to use.</summary>
    public static byte[] Archive(string name) =>
        new ImageBuilder([name]) { Config = new OciProcessConfig { Entrypoint = ["/pause"], WorkingDir = "/", User = "65535:65535" } }
            .Executable("pause", TinyPrograms.Pause(TinyAssembler.Current))
            .ToArray();
}
