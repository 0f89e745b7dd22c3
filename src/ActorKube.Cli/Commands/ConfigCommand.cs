using System.CommandLine;
using ActorKube.Cli.Output;
using ActorKube.Client.Kubeconfigs;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl config</c>: shows and changes the kubeconfig.</summary>
internal static class ConfigCommand
{
    public static Command Create() => new("config", "Show and change the kubeconfig.")
    {
        View(), CurrentContext(), GetContexts(), UseContext(), SetContext(),
    };

    private static Command View()
    {
        var raw = new Option<bool>("--raw") { Description = "Show keys and tokens too." };
        var command = new Command("view", "Print the merged kubeconfig.") { raw };
        command.Run((parsed, _) =>
        {
            var config = KubeConfigLoader.LoadDefault(parsed.GetValue(GlobalOptions.KubeConfig));
            if (!parsed.GetValue(raw))
                Redact(config);
            Console.Write(KubeConfigLoader.ToYaml(config));
            return Task.CompletedTask;
        });
        return command;
    }

    private static Command CurrentContext()
    {
        var command = new Command("current-context", "Print the name of the current context.");
        command.Run((parsed, _) =>
        {
            var config = KubeConfigLoader.LoadDefault(parsed.GetValue(GlobalOptions.KubeConfig));
            Console.WriteLine(config.CurrentContext.Length > 0 ? config.CurrentContext : throw new CliException("current-context is not set"));
            return Task.CompletedTask;
        });
        return command;
    }

    private static Command GetContexts()
    {
        var command = new Command("get-contexts", "List the contexts.");
        command.Run((parsed, _) =>
        {
            var config = KubeConfigLoader.LoadDefault(parsed.GetValue(GlobalOptions.KubeConfig));
            TableWriter.Write(Console.Out, ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"], [.. config.Contexts.Select(c => (IReadOnlyList<string>)
            [
                c.Name == config.CurrentContext ? "*" : "", c.Name, c.Context.Cluster, c.Context.User, c.Context.Namespace ?? "",
            ])]);
            return Task.CompletedTask;
        });
        return command;
    }

    private static Command UseContext()
    {
        var name = new Argument<string>("name") { Description = "The context to use from now on." };
        var command = new Command("use-context", "Choose the current context.") { name };
        command.Run((parsed, _) => ChangeAsync(parsed, config =>
        {
            var wanted = parsed.GetValue(name)!;
            if (!config.Contexts.Exists(c => c.Name == wanted))
                throw new CliException($"no context exists with the name: \"{wanted}\"");
            config.CurrentContext = wanted;
            return $"Switched to context \"{wanted}\".";
        }));
        return command;
    }

    private static Command SetContext()
    {
        var name = new Argument<string?>("name") { Description = "The context to change.", Arity = ArgumentArity.ZeroOrOne };
        var current = new Option<bool>("--current") { Description = "Change the current context." };
        var command = new Command("set-context", "Set the namespace of a context: akctl config set-context --current -n web") { name, current };
        command.Run((parsed, _) => ChangeAsync(parsed, config =>
        {
            var wanted = parsed.GetValue(current) ? config.CurrentContext : parsed.GetValue(name) ?? throw new CliException("you must specify a non-empty context name or --current");
            var entry = config.Contexts.Find(c => c.Name == wanted) ?? throw new CliException($"no context exists with the name: \"{wanted}\"");
            entry.Context.Namespace = parsed.GetValue(GlobalOptions.Namespace) ?? entry.Context.Namespace;
            return $"Context \"{wanted}\" modified.";
        }));
        return command;
    }

    private static Task ChangeAsync(ParseResult parsed, Func<KubeConfig, string> change)
    {
        var file = parsed.GetValue(GlobalOptions.KubeConfig) ?? KubeConfigLoader.DefaultFiles(
            Environment.GetEnvironmentVariable("KUBECONFIG"), Environment.GetFolderPath(Environment.SpecialFolder.UserProfile))[0];
        var config = KubeConfigLoader.Read(file);
        var message = change(config);
        KubeConfigLoader.Write(config, file);
        Console.WriteLine(message);
        return Task.CompletedTask;
    }

    private static void Redact(KubeConfig config)
    {
        foreach (var cluster in config.Clusters.Where(c => c.Cluster.CertificateAuthorityData is not null))
            cluster.Cluster.CertificateAuthorityData = "DATA+OMITTED";
        foreach (var user in config.Users.Select(u => u.User))
        {
            user.ClientCertificateData = user.ClientCertificateData is null ? null : "DATA+OMITTED";
            user.ClientKeyData = user.ClientKeyData is null ? null : "DATA+OMITTED";
            user.Token = user.Token is null ? null : "REDACTED";
            user.Password = user.Password is null ? null : "REDACTED";
        }
    }
}
