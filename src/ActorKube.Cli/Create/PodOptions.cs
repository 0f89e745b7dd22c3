using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ActorKube.Cli.Create;

/// <summary>The pod that <c>run</c> makes.</summary>
internal sealed partial record PodOptions(string Name, string Image)
{
    /// <summary>Whether a text can name an image: a registry, a path in lower case, and a tag or a digest.</summary>
    public static bool IsImage(string text) => ImageName().IsMatch(text);

    [GeneratedRegex(@"^((localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\d+/)|\[[0-9a-fA-F:]+\])(:\d+)?/)?[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*(:[\w][\w.-]{0,127})?(@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$")]
    private static partial Regex ImageName();

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Whether the arguments take the place of the image's command rather than of its arguments.</summary>
    public bool IsCommand { get; init; }

    public IReadOnlyList<string> Environment { get; init; } = [];

    public IReadOnlyList<string> Labels { get; init; } = [];

    public long? Port { get; init; }

    public string Restart { get; init; } = "Always";

    public string? PullPolicy { get; init; }

    public bool Stdin { get; init; }

    public bool Tty { get; init; }

    public bool Privileged { get; init; }

    /// <summary>Whether the container's input ends with the first terminal that leaves it.</summary>
    public bool StdinOnce { get; init; }

    /// <summary>The object.</summary>
    public JsonObject ToPod()
    {
        var container = new JsonObject { ["image"] = Image, ["name"] = Name, ["resources"] = new JsonObject() };
        if (Arguments.Count > 0)
            container[IsCommand ? "command" : "args"] = new JsonArray([.. Arguments.Select(a => (JsonNode)a)]);
        if (Environment.Count > 0)
            container["env"] = new JsonArray([.. Environment.Select(Pair).Select(p => (JsonNode)new JsonObject { ["name"] = p.Key, ["value"] = p.Value })]);
        if (Port is { } port)
            container["ports"] = new JsonArray(new JsonObject { ["containerPort"] = port });
        if (!string.IsNullOrEmpty(PullPolicy))
            container["imagePullPolicy"] = PullPolicy;
        foreach (var (field, _) in new[] { ("stdin", Stdin), ("stdinOnce", StdinOnce), ("tty", Tty) }.Where(f => f.Item2))
            container[field] = true;
        if (Privileged)
            container["securityContext"] = new JsonObject { ["privileged"] = true };
        var pod = Objects.Named("v1", "Pod", Name);
        pod["metadata"]!["labels"] = Labels.Count == 0 ? new JsonObject { ["run"] = Name } : new JsonObject(Labels.Select(Pair).Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, p.Value)));
        pod["spec"] = new JsonObject { ["containers"] = new JsonArray(container), ["dnsPolicy"] = "ClusterFirst", ["restartPolicy"] = Restart };
        return pod;
    }

    private static KeyValuePair<string, string> Pair(string word) =>
        word.Split('=', 2) is [{ Length: > 0 } key, var value] ? new(key, value) : throw new CliException($"unexpected NAME=VALUE: {word}");
}
