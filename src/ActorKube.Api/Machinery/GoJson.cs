namespace ActorKube.Api.Machinery;

/// <summary>JSON as Go's encoder writes it, where a text is compared or hashed.</summary>
public static class GoJson
{
    /// <summary>Escapes what HTML would read in JSON that has other letters as they are: <c>&lt;</c> becomes <c>\u003c</c>.</summary>
    public static string EscapeHtml(string json) =>
        json.Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal).Replace("&", "\\u0026", StringComparison.Ordinal);
}
