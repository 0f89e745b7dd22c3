using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>Which objects a list, a watch or a deletecollection is about: a namespace, a label selector, a field selector.</summary>
internal sealed class Selection
{
    private const string NodeName = "spec.nodeName";

    private readonly LabelSelector _labels;
    private readonly (Func<object, string> Get, string Value, bool Negated)[] _fields;
    private readonly string? _key;

    private Selection(string prefix, string? key, LabelSelector labels, (Func<object, string>, string, bool)[] fields, FieldTrigger? trigger) =>
        (Prefix, _key, _labels, _fields, Trigger) = (prefix, key, labels, fields, trigger);

    /// <summary>What the keys of candidates start with: <c>namespace/</c>, or nothing.</summary>
    public string Prefix { get; }

    /// <summary>Whether every object under the prefix is selected.</summary>
    public bool IsEverything => _key is null && _labels.IsEmpty && _fields.Length == 0;

    /// <summary>The one key that can match, where the selector names an object; else null.</summary>
    public string? OnlyKey => _key;

    /// <summary>The one field value that can match, where the selector names one of a field that many watches select by, as kubelets do their pods; else null.</summary>
    public FieldTrigger? Trigger { get; }

    /// <summary>Reads the selectors of a request. Throws the 400 Status of Kubernetes for one that cannot be read or names an unknown field.</summary>
    public static Selection Create(Strategy strategy, string ns, string? labelSelector, string? fieldSelector, string name = "")
    {
        if (!LabelSelector.TryParse(labelSelector, out var labels, out var labelError))
        {
            throw ApiError.BadRequest(labelError);
        }

        if (!FieldSelector.TryParse(fieldSelector, out var fields, out var fieldError))
        {
            throw ApiError.BadRequest(fieldError);
        }

        var prefix = ns.Length == 0 ? "" : ns + "/";
        string? onlyName = name.Length == 0 ? null : name, onlyNamespace = null;
        var tests = new List<(Func<object, string>, string, bool)>();
        foreach (var requirement in fields.Requirements)
        {
            switch (requirement.Field)
            {
                case "metadata.name" when !requirement.Negated && onlyName is null:
                    onlyName = requirement.Value;
                    break;
                case "metadata.namespace" when strategy.Kind.Namespaced && !requirement.Negated && onlyNamespace is null:
                    onlyNamespace = requirement.Value;
                    break;
                default:
                    tests.Add((Field(strategy, requirement.Field), requirement.Value, requirement.Negated));
                    break;
            }
        }

        if (onlyNamespace is not null)
        {
            // A namespace selected twice, by URL and by selector, must agree; no key starts with NUL, so nothing matches otherwise.
            prefix = prefix.Length == 0 || prefix == onlyNamespace + "/" ? onlyNamespace + "/" : "\0";
        }

        var key = onlyName is null ? null : strategy.Kind.Namespaced ? prefix + onlyName : onlyName;
        if (key is not null && strategy.Kind.Namespaced && prefix.Length == 0)
        {
            tests.Add((Field(strategy, "metadata.name"), onlyName!, false));
            key = null;
        }

        var byNode = strategy.Kind.ClrType == typeof(V1Pod) ? fields.Requirements.FirstOrDefault(r => r is { Field: NodeName, Negated: false }) : null;
        var trigger = byNode is null ? null : new FieldTrigger(Field(strategy, NodeName), byNode.Value);
        return new Selection(prefix, key, labels, [.. tests], trigger);
    }

    /// <summary>Whether the object is selected.</summary>
    public bool Matches(CachedObject entry, ApiObject view)
    {
        if (_key is not null ? entry.Key != _key : !entry.Key.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        if (_labels.IsEmpty && _fields.Length == 0)
        {
            return true;
        }

        if (!_labels.Matches(view.Metadata.Labels))
        {
            return false;
        }

        foreach (var (get, value, negated) in _fields)
        {
            if (string.Equals(get(view.Value), value, StringComparison.Ordinal) == negated)
            {
                return false;
            }
        }

        return true;
    }

    private static Func<object, string> Field(Strategy strategy, string path) => path switch
    {
        "metadata.name" => value => ObjectMetadata.Of(value).Name ?? "",
        "metadata.namespace" when strategy.Kind.Namespaced => value => ObjectMetadata.Of(value).NamespaceProperty ?? "",
        _ => strategy.Fields.TryGetValue(path, out var get) ? get : throw ApiError.BadRequest(SelectableFields.Refusal(strategy, path)),
    };
}

/// <summary>A field and the one value of it that a watch is about.</summary>
/// <param name="Get">Reads the field of an object.</param>
/// <param name="Value">The value.</param>
internal sealed record FieldTrigger(Func<object, string> Get, string Value);
