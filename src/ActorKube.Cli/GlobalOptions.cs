using System.CommandLine;

namespace ActorKube.Cli;

/// <summary>Options that every command takes.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> KubeConfig = new("--kubeconfig")
    {
        Description = "Path of the kubeconfig file; else $KUBECONFIG, else ~/.kube/config.", Recursive = true,
    };

    public static readonly Option<string?> Context = new("--context")
    {
        Description = "Name of the kubeconfig context to use.", Recursive = true,
    };

    public static readonly Option<string?> Namespace = new("--namespace", "-n")
    {
        Description = "Namespace of the objects; else the context's.", Recursive = true,
    };

    public static readonly Option<string?> Server = new("--server", "-s")
    {
        Description = "URL of the API server; else the context's.", Recursive = true,
    };
}
