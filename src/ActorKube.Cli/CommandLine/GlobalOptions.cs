using System.CommandLine;

namespace ActorKube.Cli.CommandLine;

/// <summary>Options that every command takes.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> KubeConfig = Global(Flags.Text("--kubeconfig", "FILE", "The kubeconfig; else $KUBECONFIG, else ~/.kube/config"));

    public static readonly Option<string?> Context = Global(Flags.Text("--context", "NAME", "The kubeconfig context to use; else the current one"));

    public static readonly Option<string?> Cluster = Global(Flags.Text("--cluster", "NAME", "The kubeconfig cluster to use; else the context's"));

    public static readonly Option<string?> User = Global(Flags.Text("--user", "NAME", "The kubeconfig user to use; else the context's"));

    public static readonly Option<string?> Namespace = Global(Flags.Text("--namespace", "NAME", "The namespace of the objects; else the context's, else default", "-n"));

    public static readonly Option<string?> Server = Global(Flags.Text("--server", "URL", "The API server; else the context's", "-s"));

    public static readonly Option<TimeSpan?> RequestTimeout = Global(Flags.Duration("--request-timeout", "DURATION", "How long one request may take; 0 for ever"));

    public static IEnumerable<Option> All => [KubeConfig, Context, Cluster, User, Namespace, Server, RequestTimeout];

    private static Option<T> Global<T>(Option<T> option)
    {
        option.Recursive = true;
        return option;
    }
}
