using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.CommandLine;
using ActorKube.Cli.Create;

namespace ActorKube.Cli.Commands;

/// <summary>The simple objects that <c>akctl create</c> makes from flags: namespaces, data, workloads.</summary>
internal static class CreateKinds
{
    public static IEnumerable<Command> All() => [Namespace(), ConfigMap(), Secret(), Deployment(), Job(), CronJob()];

    private static string[] Tail => CommandWords.Current.Tail ?? [];

    private static KubeCommand Namespace() => CreateCommand.Sub("namespace", "Create a namespace", "NAME [options]", "akctl create namespace shop", [],
        (_, name) => ("", "namespaces", Objects.Named("v1", "Namespace", name)), "ns");

    private static KubeCommand ConfigMap()
    {
        var data = new DataOptions();
        return CreateCommand.Sub("configmap", "Create a ConfigMap from literals and files", "NAME [--from-literal=KEY=VALUE] [--from-file=[KEY=]FILE] [--from-env-file=FILE] [options]",
            "akctl create configmap settings --from-literal=level=debug --from-file=app.conf", data.All,
            (parsed, name) => ("", "configmaps", Objects.ConfigMap(name, data.Read(parsed))), "cm");
    }

    private static KubeCommand Secret()
    {
        var command = new KubeCommand("secret", "Create a Secret") { Examples = "akctl create secret generic login --from-literal=password=…" };
        var data = new DataOptions();
        var type = Flags.Text("--type", "TYPE", "The type of the Secret; Opaque unless said");
        command.Add(CreateCommand.Sub("generic", "From literals and files", "NAME [--from-literal=KEY=VALUE] [--from-file=[KEY=]FILE] [options]", "akctl create secret generic login --from-literal=password=…",
            [.. data.All, type], (parsed, name) => ("", "secrets", Objects.Secret(name, parsed.GetValue(type) ?? "", data.Read(parsed)))));
        var (certificate, key) = (Flags.Text("--cert", "FILE", "The certificate, in PEM"), Flags.Text("--key", "FILE", "Its private key, in PEM"));
        command.Add(CreateCommand.Sub("tls", "A certificate and its key", "NAME --cert=FILE --key=FILE [options]", "akctl create secret tls web --cert=tls.crt --key=tls.key", [certificate, key],
            (parsed, name) => ("", "secrets", Objects.Secret(name, "kubernetes.io/tls", KeyValueFiles.Read([], [$"tls.crt={Required(parsed, certificate)}", $"tls.key={Required(parsed, key)}"], [])))));
        var server = Flags.Text("--docker-server", "URL", "The registry; Docker Hub unless said");
        var (user, password, email) = (Flags.Text("--docker-username", "NAME", "Who pulls"), Flags.Text("--docker-password", "PASSWORD", "The password or token"), Flags.Text("--docker-email", "ADDRESS", "An address, which few registries want"));
        command.Add(CreateCommand.Sub("docker-registry", "A login for pulling images", "NAME --docker-username=USER --docker-password=PASSWORD [options]",
            "akctl create secret docker-registry pull --docker-server=registry.example --docker-username=me --docker-password=…", [server, user, password, email], (parsed, name) =>
            {
                var config = Objects.DockerConfig(parsed.GetValue(server) ?? "https://index.docker.io/v1/", Required(parsed, user), Required(parsed, password), parsed.GetValue(email) ?? "");
                return ("", "secrets", Objects.Secret(name, "kubernetes.io/dockerconfigjson", new Dictionary<string, byte[]> { [".dockerconfigjson"] = Encoding.UTF8.GetBytes(config.ToJsonString()) }));
            }));
        return command;
    }

    private static KubeCommand Deployment()
    {
        var images = Flags.Texts("--image", "IMAGE", "An image; a container for each");
        var replicas = Flags.Number("--replicas", "N", "How many pods; 1 unless said", "-r");
        var port = Flags.Number("--port", "PORT", "The port the containers listen on");
        return CreateCommand.Sub("deployment", "Create a Deployment", "NAME --image=IMAGE [--replicas=N] [options] [-- COMMAND [args...]]", "akctl create deployment web --image=web:1 --replicas=3 --port=8080", [images, replicas, port], (parsed, name) =>
        {
            var named = parsed.GetValue(images) is { Length: > 0 } some ? some : throw new CliException("required flag(s) \"image\" not set");
            if (named.Length > 1 && Tail.Length > 0)
                throw new CliException("cannot specify multiple --image options and command");
            return ("apps", "deployments", Objects.Deployment(name, named, parsed.GetValue(replicas) ?? 1, parsed.GetValue(port), Tail));
        }, "deploy");
    }

    private static KubeCommand Job()
    {
        var image = Flags.Text("--image", "IMAGE", "The image");
        return CreateCommand.Sub("job", "Create a Job", "NAME --image=IMAGE [options] [-- COMMAND [args...]]", "akctl create job once --image=busybox -- date", [image], (parsed, name) =>
        {
            var job = Objects.Named("batch/v1", "Job", name);
            job["spec"] = Objects.JobSpec(name, Required(parsed, image), Tail, "Never");
            return ("batch", "jobs", job);
        });
    }

    private static KubeCommand CronJob()
    {
        var image = Flags.Text("--image", "IMAGE", "The image");
        var schedule = Flags.Text("--schedule", "CRON", "When: minute, hour, day, month and weekday");
        var restart = Flags.Text("--restart", "POLICY", "OnFailure (the default) or Never");
        return CreateCommand.Sub("cronjob", "Create a CronJob", "NAME --image=IMAGE --schedule='0/5 * * * ?' [options] [-- COMMAND [args...]]", "akctl create cronjob clean --image=busybox --schedule='*/5 * * * *' -- date",
            [image, schedule, restart], (parsed, name) =>
            {
                var job = Objects.Named("batch/v1", "CronJob", name);
                var template = new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = Objects.JobSpec(name, Required(parsed, image), Tail, parsed.GetValue(restart) ?? "OnFailure") };
                job["spec"] = new JsonObject { ["jobTemplate"] = template, ["schedule"] = Required(parsed, schedule) };
                return ("batch", "cronjobs", job);
            }, "cj");
    }

    /// <summary>The value of an option that must be given.</summary>
    public static string Required(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { Length: > 0 } value ? value : throw new CliException($"required flag(s) \"{option.Name.TrimStart('-')}\" not set");

    private sealed class DataOptions
    {
        // A literal may have commas in its value.
        private readonly Option<string[]> _literals = new("--from-literal") { HelpName = "KEY=VALUE", Description = "A key and its value" };
        private readonly Option<string[]> _files = Flags.Texts("--from-file", "[KEY=]FILE", "A file, under its own name or that key; of a folder, its files");
        private readonly Option<string[]> _variables = Flags.Texts("--from-env-file", "FILE", "A file with lines KEY=VALUE");

        public Option[] All => [_literals, _files, _variables];

        public IReadOnlyDictionary<string, byte[]> Read(ParseResult parsed)
        {
            var (literals, files, variables) = (parsed.GetValue(_literals) ?? [], parsed.GetValue(_files) ?? [], parsed.GetValue(_variables) ?? []);
            if (variables.Length > 0 && literals.Length + files.Length > 0)
                throw new CliException("from-env-file cannot be combined with from-file or from-literal");
            return KeyValueFiles.Read(literals, files, variables);
        }
    }
}
