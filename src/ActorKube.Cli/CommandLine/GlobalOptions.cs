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

    public static readonly Option<string?> Token = Global(Flags.Text("--token", "TOKEN", "The bearer token to send, in place of what the kubeconfig says of the user"));

    public static readonly Option<string?> As = Global(Flags.Text("--as", "NAME", "Act as this user, if you may; a service account is system:serviceaccount:NAMESPACE:NAME"));

    public static readonly Option<string[]> AsGroup = Global(Flags.Texts("--as-group", "NAME", "Act as a member of this group"));

    public static readonly Option<bool> Insecure = Global(Flags.Switch("--insecure-skip-tls-verify", "Take any certificate for the server's"));

    public static IEnumerable<Option> All => [KubeConfig, Context, Cluster, User, Namespace, Server, RequestTimeout, Token, As, AsGroup, Insecure];

    private static Option<T> Global<T>(Option<T> option)
    {
        option.Recursive = true;
        return option;
    }
}
