using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Get;

/// <summary>Sorts by a field of the objects, as <c>--sort-by=.metadata.creationTimestamp</c> does.</summary>
internal static class FieldOrder
{
    /// <summary>The items in the order of their field: numbers by value, text by what numbers in it are worth. Items without it come first.</summary>
    public static IEnumerable<T> Sort<T>(IEnumerable<T> items, string path, Func<T, JsonNode?> objectOf)
    {
        var fields = Fields(path);
        return items.OrderBy(item => objectOf(item).Text(fields), Comparer<string>.Create(Compare));
    }

    private static int Compare(string a, string b) =>
        Quantity.TryParse(a, out var x) && Quantity.TryParse(b, out var y) ? x.CompareTo(y) : YamlKeyOrder.Instance.Compare(a, b);

    private static string[] Fields(string path)
    {
        var text = path.Trim('{', '}');
        // A dot that belongs to a name is written \.
        var fields = text.Replace("\\.", "\0", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries).Select(f => f.Replace('\0', '.')).ToArray();
        return fields.Length > 0 && fields.All(f => !f.Contains('[')) ? fields : throw new CliException($"--sort-by {path}: expected a path of fields, such as .metadata.name");
    }
}
