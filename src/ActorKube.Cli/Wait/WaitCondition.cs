using System.Text.Json.Nodes;
using ActorKube.Cli.Output;
using ActorKube.Cli.Paths;

namespace ActorKube.Cli.Wait;

/// <summary>What is waited for: <c>condition=Ready</c>, <c>jsonpath='{.status.phase}'=Running</c>, <c>create</c> or <c>delete</c>. Pure.</summary>
internal abstract record WaitCondition
{
    /// <summary>Reads <c>--for</c>. Throws <see cref="CliException"/> where it makes no sense.</summary>
    public static WaitCondition Parse(string text)
    {
        if (text.Equals("delete", StringComparison.OrdinalIgnoreCase))
            return new Gone();
        if (text.Equals("create", StringComparison.OrdinalIgnoreCase))
            return new There();
        if (text.StartsWith("condition=", StringComparison.Ordinal))
        {
            var parts = text["condition=".Length..].Split('=', 2);
            return new InCondition(parts[0], parts.Length > 1 ? parts[1] : "true");
        }

        if (text.StartsWith("jsonpath=", StringComparison.Ordinal))
            return OfPath(text["jsonpath=".Length..]);
        throw new CliException($"unrecognized condition: \"{text}\"");
    }

    /// <summary>Whether an object fulfils it.</summary>
    public abstract bool Holds(JsonObject value);

    // The value may have an equals sign in it, and so may a filter of the path; the path ends with its brace.
    private static HasValue OfPath(string text)
    {
        var end = text.StartsWith('{') ? text.LastIndexOf('}') + 1 : text.IndexOf('=');
        if (end <= 0)
            end = text.Length;
        var (path, rest) = (text[..end], text[end..]);
        return rest switch
        {
            "" => new HasValue(JsonPath.ParseRelaxed(path), null),
            "=" => throw new CliException("jsonpath wait value must be set"),
            ['=', .. var value] => new HasValue(JsonPath.ParseRelaxed(path), value.Trim('"', '\'')),
            _ => throw new CliException($"jsonpath wait format must be --for=jsonpath='{{.status.readyReplicas}}'=3 or --for=jsonpath='{{.status.readyReplicas}}'"),
        };
    }

    /// <summary>It is there.</summary>
    internal sealed record There : WaitCondition
    {
        public override bool Holds(JsonObject value) => true;
    }

    /// <summary>It is gone.</summary>
    internal sealed record Gone : WaitCondition
    {
        public override bool Holds(JsonObject value) => false;
    }

    /// <summary>A condition of its status has a value, and speaks of the object as it is now.</summary>
    internal sealed record InCondition(string Type, string Status) : WaitCondition
    {
        public override bool Holds(JsonObject value)
        {
            var condition = value.List("status", "conditions").FirstOrDefault(c => c.Text("type").Equals(Type, StringComparison.OrdinalIgnoreCase));
            if (condition is null)
                return false;
            var generation = value.Number("metadata", "generation") ?? 0;
            var observed = condition.Number("observedGeneration") ?? value.Number("status", "observedGeneration");
            return (observed is null || observed >= generation) && condition.Text("status").Equals(Status, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>A path leads to one value, and to this one where one is named.</summary>
    internal sealed record HasValue(JsonPath Path, string? Value) : WaitCondition
    {
        public override bool Holds(JsonObject value)
        {
            var found = Path.Find(value);
            return found switch
            {
                [] => false,
                [JsonObject or JsonArray] when Value is not null => throw new CliException("jsonpath leads to a nested object or list which is not supported"),
                [var one] => Value is null || JsonPath.TextOf(one) == Value,
                _ => throw new CliException("given jsonpath expression matches more than one value"),
            };
        }
    }
}
