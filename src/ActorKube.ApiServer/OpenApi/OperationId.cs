using System.Text;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>The ids and tags of operations: <c>listAppsV1NamespacedDeployment</c> under <c>apps_v1</c>.</summary>
internal static class OperationId
{
    /// <summary>Id and tag of an operation on a path.</summary>
    public static (string Id, string Tag) Of(string path, (string Verb, string Subject) name)
    {
        var parts = path.Trim('/').Split('/');
        if (parts[0] == "api")
        {
            parts = ["apis", "core", .. parts[1..]];
        }

        if (parts[0] != "apis" || parts.Length < 2)
        {
            return (name.Verb + Join(name.Subject, true), Join(parts[0], false));
        }

        var group = parts[1].EndsWith(".k8s.io", StringComparison.Ordinal) ? parts[1][..^".k8s.io".Length] : parts[1];
        var (prefix, tag) = (name.Verb + Join(group, true), Join(group, false));
        if (parts.Length > 2)
        {
            (prefix, tag) = (prefix + Join(parts[2], true), $"{tag}_{Join(parts[2], false)}");
        }

        return (prefix + Join(name.Subject, true), tag);
    }

    /// <summary>Letters and digits alone, with a capital after whatever else there was.</summary>
    private static string Join(string text, bool capital)
    {
        var id = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsLetter(text[i]) && text[i] != '_' && (i == 0 || !char.IsDigit(text[i])))
            {
                capital = true;
                continue;
            }

            id.Append(capital ? char.ToUpperInvariant(text[i]) : text[i]);
            capital = false;
        }

        return id.ToString();
    }
}
