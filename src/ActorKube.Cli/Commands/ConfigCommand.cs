using System.CommandLine;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Config;
using ActorKube.Cli.Output;
using ActorKube.Cli.Paths;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl config</c>: shows and changes the kubeconfig.</summary>
internal static class ConfigCommand
{
    private static readonly string[] SecretData = ["certificate-authority-data", "client-certificate-data", "client-key-data"];
    private static readonly string[] Secrets = ["token", "password"];

    public static Command Create()
    {
        var command = new KubeCommand("config", "Show and change the kubeconfig")
        {
            Group = "Other",
            About = "The kubeconfig says where clusters are and who you are to them. A context is a cluster, a user and a namespace together.",
            Examples = """
                # Which clusters there are, and go to another one
                akctl config get-contexts
                akctl config use-context staging

                # Work in another namespace from now on
                akctl config set-context --current --namespace=shop
                """,
        };
        foreach (var sub in new[]
        {
            View(), CurrentContext(), GetContexts(), UseContext(), SetContext(), RenameContext(), DeleteContext(),
            Names("get-clusters", "List the clusters", "clusters"), Names("get-users", "List the users", "users"),
        })
            command.Add(sub);
        return command;
    }

    private static KubeCommand View()
    {
        var raw = Flags.Switch("--raw", "With keys and tokens");
        var minify = Flags.Switch("--minify", "Only the current context and what belongs to it");
        var output = Flags.Text("--output", "FORMAT", "yaml (the default) or json", "-o");
        return Sub("view", "Print the kubeconfig, all its files as one", "[options]", "akctl config view --minify", [raw, minify, output], (parsed, files, _) =>
        {
            var config = files.Merged();
            if (parsed.GetValue(minify))
                Minify(config, parsed.GetValue(GlobalOptions.Context) ?? files.CurrentContext);
            if (!parsed.GetValue(raw))
                Redact(config);
            Console.Write(parsed.GetValue(output) switch
            {
                null or "" or "yaml" => YamlText.Of(config),
                "json" => JsonText.Indented(config) + "\n",
                var format when OutputTemplate.Is(format) => OutputTemplate.Of(config, format),
                var format => throw new CliException($"unable to match a printer suitable for the output format \"{format}\", allowed formats are: {string.Join(',', OutputTemplate.Formats)},json,yaml"),
            });
        });
    }

    private static KubeCommand CurrentContext() => Sub("current-context", "Print the name of the current context", "[options]", "akctl config current-context", [], (_, files, _) =>
        Console.WriteLine(files.CurrentContext.Length > 0 ? files.CurrentContext : throw new CliException("current-context is not set")));

    private static KubeCommand GetContexts()
    {
        var output = Flags.Text("--output", "FORMAT", "name: print only the names", "-o");
        var noHeaders = Flags.Switch("--no-headers", "No headings");
        return Sub("get-contexts", "List the contexts", "[NAME...] [options]", "akctl config get-contexts", [output, noHeaders], (parsed, files, names) =>
        {
            foreach (var name in names.Where(n => files.Find("contexts", n) is null))
                throw new CliException($"context {name} not found");
            var contexts = files.Entries("contexts").Where(c => names.Length == 0 || names.Contains(c.Text("name"))).OrderBy(c => c.Text("name"), StringComparer.Ordinal).ToList();
            if (parsed.GetValue(output) == "name")
            {
                Console.Write(string.Concat(contexts.Select(c => c.Text("name") + "\n")));
                return;
            }

            List<IReadOnlyList<string>> rows = parsed.GetValue(noHeaders) ? [] : [["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]];
            rows.AddRange(contexts.Select(c => (IReadOnlyList<string>)
            [
                c.Text("name") == files.CurrentContext ? "*" : "", c.Text("name"), c.Text("context", "cluster"), c.Text("context", "user"), c.Text("context", "namespace"),
            ]));
            Console.Write(string.Concat(new TableWriter().Add(rows).Select(l => l + "\n")));
        });
    }

    private static KubeCommand UseContext() => Sub("use-context", "Choose the current context", "NAME", "akctl config use-context staging", [], (_, files, names) =>
    {
        var name = One(names, "a context's name");
        MustExist(files, name);
        files.Use(name);
        Console.WriteLine($"Switched to context \"{name}\".");
    });

    private static KubeCommand SetContext()
    {
        var current = Flags.Switch("--current", "Change the current context");
        return Sub("set-context", "Set cluster, user or namespace of a context", "(NAME | --current) [--cluster=NAME] [--user=NAME] [--namespace=NAME]",
            "akctl config set-context --current --namespace=shop", [current], (parsed, files, names) =>
            {
                if (parsed.GetValue(current) == names.Length > 0)
                    throw new UsageException("either a context's name or --current is needed, and not both");
                var name = parsed.GetValue(current) ? files.CurrentContext : One(names, "a context's name");
                if (name.Length == 0)
                    throw new CliException("no current context is set");
                var isNew = files.Find("contexts", name) is null;
                files.Change("contexts", name, context =>
                {
                    foreach (var (field, option) in new[] { ("cluster", GlobalOptions.Cluster), ("user", GlobalOptions.User), ("namespace", GlobalOptions.Namespace) })
                    {
                        if (parsed.GetValue(option) is { } value)
                            context[field] = value;
                    }
                });
                Console.WriteLine($"Context \"{name}\" {(isNew ? "created" : "modified")}.");
            });
    }

    private static KubeCommand RenameContext() => Sub("rename-context", "Give a context another name", "NAME NEW_NAME", "akctl config rename-context kind-old new", [], (_, files, names) =>
    {
        if (names is not [var name, var to])
            throw new UsageException("the old and the new name are needed");
        MustExist(files, name);
        if (files.Find("contexts", to) is not null)
            throw new CliException($"cannot rename the context \"{name}\", the context \"{to}\" already exists");
        var wasCurrent = files.CurrentContext == name;
        files.Rename("contexts", name, to);
        if (wasCurrent)
            files.Use(to);
        Console.WriteLine($"Context \"{name}\" renamed to \"{to}\".");
    });

    private static KubeCommand DeleteContext() => Sub("delete-context", "Remove a context", "NAME", "akctl config delete-context old", [], (_, files, names) =>
    {
        var name = One(names, "a context's name");
        MustExist(files, name);
        var file = files.Remove("contexts", name);
        if (files.CurrentContext == name)
            Console.Error.WriteLine("warning: this removed your active context, use \"akctl config use-context\" to select a different one");
        Console.WriteLine($"deleted context {name} from {file}");
    });

    private static KubeCommand Names(string verb, string description, string list) => Sub(verb, description, "[options]", $"akctl config {verb}", [], (_, files, _) =>
        Console.Write("NAME\n" + string.Concat(files.Entries(list).Select(e => e.Text("name") + "\n").Order(StringComparer.Ordinal))));

    private static KubeCommand Sub(string verb, string description, string usage, string example, Option[] options, Action<ParseResult, KubeConfigFiles, string[]> action)
    {
        var names = new Argument<string[]>("names") { Arity = ArgumentArity.ZeroOrMore };
        var command = new KubeCommand(verb, description) { Usage = usage, Examples = example };
        command.Add(names);
        foreach (var option in options)
            command.Add(option);
        command.Run((parsed, _) =>
        {
            action(parsed, KubeConfigFiles.Load(parsed), parsed.GetValue(names)!);
            return Task.CompletedTask;
        });
        return command;
    }

    private static string One(string[] names, string what) => names is [var name] ? name : throw new UsageException($"{what} is needed");

    private static void MustExist(KubeConfigFiles files, string context)
    {
        if (files.Find("contexts", context) is null)
            throw new CliException($"no context exists with the name: \"{context}\"");
    }

    private static void Minify(JsonObject config, string name)
    {
        var context = config.List("contexts").FirstOrDefault(c => c.Text("name") == name)
            ?? throw new CliException(name.Length == 0 ? "current-context must exist in order to minify" : $"cannot locate context {name}");
        config["current-context"] = name;
        foreach (var (list, kept) in new[] { ("contexts", name), ("clusters", context.Text("context", "cluster")), ("users", context.Text("context", "user")) })
            ((JsonArray)config[list]!).RemoveAll(e => e.Text("name") != kept);
    }

    private static void Redact(JsonObject config)
    {
        foreach (var body in config.List("clusters").Select(c => c["cluster"]).Concat(config.List("users").Select(u => u["user"])).OfType<JsonObject>())
        {
            foreach (var key in SecretData.Where(body.ContainsKey))
                body[key] = "DATA+OMITTED";
            foreach (var key in Secrets.Where(body.ContainsKey))
                body[key] = "REDACTED";
        }
    }
}
