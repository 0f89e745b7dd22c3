using System.Text.Json.Nodes;

namespace ActorKube.Cli.Create;

/// <summary>The objects that <c>create</c> makes from its flags. Pure.</summary>
internal static class Objects
{
    /// <summary>An object with nothing but its name.</summary>
    public static JsonObject Named(string apiVersion, string kind, string name) => new()
    {
        ["apiVersion"] = apiVersion,
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = name },
    };

    /// <summary>A ConfigMap; values that are no text go into its binary data.</summary>
    public static JsonObject ConfigMap(string name, IReadOnlyDictionary<string, byte[]> data)
    {
        var map = Named("v1", "ConfigMap", name);
        foreach (var (key, value) in data)
        {
            var text = KeyValueFiles.Text(value);
            var field = text is null ? "binaryData" : "data";
            if (map[field] is not JsonObject values)
                map[field] = values = [];
            values[key] = text ?? Convert.ToBase64String(value);
        }

        return map;
    }

    /// <summary>A Secret.</summary>
    public static JsonObject Secret(string name, string type, IReadOnlyDictionary<string, byte[]> data)
    {
        var secret = Named("v1", "Secret", name);
        if (data.Count > 0)
            secret["data"] = new JsonObject(data.Select(d => KeyValuePair.Create<string, JsonNode?>(d.Key, Convert.ToBase64String(d.Value))));
        if (type.Length > 0)
            secret["type"] = type;
        return secret;
    }

    /// <summary>What a registry wants to know, as a Secret for pulling images has it.</summary>
    public static JsonObject DockerConfig(string server, string user, string password, string email)
    {
        var entry = new JsonObject { ["username"] = user, ["password"] = password };
        if (email.Length > 0)
            entry["email"] = email;
        entry["auth"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{password}"));
        return new JsonObject { ["auths"] = new JsonObject { [server] = entry } };
    }

    /// <summary>A Deployment; its containers are named after their images.</summary>
    public static JsonObject Deployment(string name, IReadOnlyList<string> images, long replicas, long? port, IReadOnlyList<string> command)
    {
        var labels = new JsonObject { ["app"] = name };
        var containers = new JsonArray([.. images.Index().Select(i =>
        {
            var image = i.Item;
            var container = new JsonObject { ["image"] = image, ["name"] = ContainerName(image), ["resources"] = new JsonObject() };
            if (command.Count > 0)
                container["command"] = new JsonArray([.. command.Select(word => (JsonNode)word)]);
            if (port is not null && i.Index == 0)
                container["ports"] = new JsonArray(new JsonObject { ["containerPort"] = port });
            return container;
        })]);
        var deployment = Named("apps/v1", "Deployment", name);
        deployment["metadata"]!["labels"] = labels.DeepClone();
        deployment["spec"] = new JsonObject
        {
            ["replicas"] = replicas,
            ["selector"] = new JsonObject { ["matchLabels"] = labels.DeepClone() },
            ["strategy"] = new JsonObject(),
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = labels },
                ["spec"] = new JsonObject { ["containers"] = containers },
            },
        };
        return deployment;
    }

    /// <summary>A Job that runs a command once, or from a CronJob's template.</summary>
    public static JsonObject JobSpec(string name, string image, IReadOnlyList<string> command, string restart)
    {
        var container = new JsonObject { ["image"] = image, ["name"] = name, ["resources"] = new JsonObject() };
        if (command.Count > 0)
            container["command"] = new JsonArray([.. command.Select(word => (JsonNode)word)]);
        return new JsonObject
        {
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject(),
                ["spec"] = new JsonObject { ["containers"] = new JsonArray(container), ["restartPolicy"] = restart },
            },
        };
    }

    /// <summary>A rule of a Role.</summary>
    public static JsonObject Rule(IReadOnlyList<string> verbs, string group, IReadOnlyList<string> resources, IReadOnlyList<string> names)
    {
        var rule = new JsonObject { ["apiGroups"] = Texts([group]) };
        if (names.Count > 0)
            rule["resourceNames"] = Texts(names);
        rule["resources"] = Texts(resources);
        rule["verbs"] = Texts(verbs);
        return rule;
    }

    /// <summary>A RoleBinding or ClusterRoleBinding; a service account is said as <c>namespace:name</c>.</summary>
    public static JsonObject Binding(string kind, string name, string roleKind, string role, IEnumerable<string> users, IEnumerable<string> groups, IEnumerable<string> accounts)
    {
        const string Rbac = "rbac.authorization.k8s.io";
        var binding = Named($"{Rbac}/v1", kind, name);
        binding["roleRef"] = new JsonObject { ["apiGroup"] = Rbac, ["kind"] = roleKind, ["name"] = role };
        binding["subjects"] = new JsonArray(
        [
            .. users.Select(u => new JsonObject { ["apiGroup"] = Rbac, ["kind"] = "User", ["name"] = u }),
            .. groups.Select(g => new JsonObject { ["apiGroup"] = Rbac, ["kind"] = "Group", ["name"] = g }),
            .. accounts.Select(a => a.Split(':') is [{ Length: > 0 } ns, { Length: > 0 } account]
                ? new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = ns }
                : throw new CliException("serviceaccount must be <namespace>:<name>")),
        ]);
        return binding;
    }

    /// <summary><c>registry/team/web:1</c> → <c>web</c>, and what no name may have becomes a dash.</summary>
    public static string ContainerName(string image)
    {
        var name = image[(image.LastIndexOf('/') + 1)..].Split(':', '@')[0];
        var clean = string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '-')).Trim('-');
        return clean.Length > 0 ? clean : throw new CliException($"no container name can be made from the image \"{image}\"");
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);
}
