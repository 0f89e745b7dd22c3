using System.Text;

namespace ActorKube.Kubelet.Containers;

/// <summary>
/// Replaces <c>$(NAME)</c> in commands, arguments and environment values. <c>$$</c> is a dollar; a name that is not known stays as it
/// stands: with A=1, <c>$(A)-$$(A)-$(B)</c> gives <c>1-$(A)-$(B)</c>.
/// </summary>
internal static class Expansion
{
    public static string Expand(string text, Func<string, string?> value)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            var close = text[i] == '(' ? text.IndexOf(')', i) : -1;
            if (text[i] == '$')
            {
                result.Append('$');
            }
            else if (close > 0)
            {
                var name = text[(i + 1)..close];
                result.Append(value(name) ?? $"$({name})");
                i = close;
            }
            else
            {
                result.Append('$').Append(text[i]);
            }
        }

        return result.ToString();
    }
}
