namespace ActorKube.Api.Machinery;

/// <summary>
/// The rules Kubernetes has for names and short values. Each returns what is wrong in Kubernetes' words, or nothing.
/// Written without regular expressions: these run for every label of every request.
/// </summary>
public static class NameRules
{
    private const string LabelRegex = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string SubdomainRegex = LabelRegex + @"(\." + LabelRegex + ")*";
    private const string Dns1035Regex = "[a-z]([-a-z0-9]*[a-z0-9])?";
    private const string LabelKeyRegex = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private const string LabelKeyWords = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

    /// <summary>A DNS label by RFC 1123, such as a container's name: at most 63 of a-z, 0-9 and '-'.</summary>
    public static IReadOnlyList<string> Dns1123Label(string value)
    {
        if (value.Length <= 63 && IsDnsLabel(value))
        {
            return [];
        }

        var errors = new List<string>();
        TooLong(errors, value, 63, "bytes");
        if (!IsDnsLabel(value))
        {
            errors.Add(IsSubdomain(value)
                ? "must not contain dots"
                : Regex(
                    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
                    LabelRegex, "my-name", "123-abc"));
        }

        return errors;
    }

    /// <summary>A DNS subdomain by RFC 1123, such as most objects' names: labels joined by dots, at most 253.</summary>
    public static IReadOnlyList<string> Dns1123Subdomain(string value)
    {
        if (value.Length <= 253 && IsSubdomain(value))
        {
            return [];
        }

        var errors = new List<string>();
        TooLong(errors, value, 253, "bytes");
        if (!IsSubdomain(value))
        {
            errors.Add(Regex(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
                SubdomainRegex, "example.com"));
        }

        return errors;
    }

    /// <summary>A DNS label by RFC 1035, such as a Service's name: starts with a letter.</summary>
    public static IReadOnlyList<string> Dns1035Label(string value)
    {
        if (value.Length <= 63 && IsDns1035(value))
        {
            return [];
        }

        var errors = new List<string>();
        TooLong(errors, value, 63, "bytes");
        if (!IsDns1035(value))
        {
            errors.Add(Regex(
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
                Dns1035Regex, "my-name", "abc-123"));
        }

        return errors;
    }

    /// <summary>A <c>*.</c> followed by a DNS subdomain.</summary>
    public static IReadOnlyList<string> WildcardDns1123Subdomain(string value) =>
        value.StartsWith("*.", StringComparison.Ordinal) && IsSubdomain(value.AsSpan(2)) && value.Length <= 253
            ? []
            : [Regex(
                "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
                @"\*\." + SubdomainRegex, "*.example.com")];

    /// <summary>A label or annotation key, a resource name, a finalizer: a name of at most 63, with an optional DNS prefix and a slash.</summary>
    public static IReadOnlyList<string> QualifiedName(string value)
    {
        var slash = value.IndexOf('/');
        var name = value;
        List<string>? errors = null;
        if (slash >= 0)
        {
            if (value.IndexOf('/', slash + 1) >= 0)
            {
                return [$"a valid label key {Regex(LabelKeyWords, LabelKeyRegex, "MyName", "my.name", "123-abc")} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"];
            }

            var prefix = value[..slash];
            name = value[(slash + 1)..];
            if (prefix.Length == 0)
            {
                (errors ??= []).Add("prefix part must be non-empty");
            }
            else
            {
                foreach (var error in Dns1123Subdomain(prefix))
                {
                    (errors ??= []).Add("prefix part " + error);
                }
            }
        }

        if (name.Length == 0)
        {
            (errors ??= []).Add("name part must be non-empty");
        }
        else if (name.Length > 63)
        {
            (errors ??= []).Add("name part must be no more than 63 bytes");
        }

        if (!IsLabelText(name))
        {
            (errors ??= []).Add("name part " + Regex(LabelKeyWords, LabelKeyRegex, "MyName", "my.name", "123-abc"));
        }

        return errors ?? (IReadOnlyList<string>)[];
    }

    /// <summary>The value of a label: empty, or at most 63 of letters, digits, '-', '_' and '.'.</summary>
    public static IReadOnlyList<string> LabelValue(string value)
    {
        if (value.Length == 0 || (value.Length <= 63 && IsLabelText(value)))
        {
            return [];
        }

        var errors = new List<string>();
        TooLong(errors, value, 63, "bytes");
        if (!IsLabelText(value))
        {
            errors.Add(Regex(
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
                "(" + LabelKeyRegex + ")?", "MyValue", "my_value", "12345"));
        }

        return errors;
    }

    /// <summary>A port number other than zero.</summary>
    public static IReadOnlyList<string> PortNumber(long port) => InRange(port, 1, 65535);

    /// <summary>A number within bounds, both included.</summary>
    public static IReadOnlyList<string> InRange(long value, long lowest, long highest) =>
        value >= lowest && value <= highest ? [] : [$"must be between {lowest} and {highest}, inclusive"];

    /// <summary>The name of a port by RFC 6335: at most 15, at least one letter.</summary>
    public static IReadOnlyList<string> PortName(string value)
    {
        var errors = new List<string>();
        TooLong(errors, value, 15, "characters");
        if (value.Length == 0 || value.AsSpan().ContainsAnyExcept(LowerDigitsDash))
        {
            errors.Add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        }

        if (!value.AsSpan().ContainsAnyInRange('a', 'z'))
        {
            errors.Add("must contain at least one letter (a-z)");
        }

        if (value.Contains("--", StringComparison.Ordinal))
        {
            errors.Add("must not contain consecutive hyphens");
        }

        if (value.Length > 0 && (value[0] == '-' || value[^1] == '-'))
        {
            errors.Add("must not begin or end with a hyphen");
        }

        return errors;
    }

    /// <summary>The name of an environment variable: printable ASCII without '='.</summary>
    public static IReadOnlyList<string> EnvName(string value)
    {
        if (value.Length == 0)
        {
            return ["environment variable name must be non-empty"];
        }

        foreach (var c in value)
        {
            if (c is < ' ' or > '~' or '=')
            {
                return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
            }
        }

        return [];
    }

    /// <summary>A key of a ConfigMap or Secret.</summary>
    public static IReadOnlyList<string> ConfigMapKey(string value)
    {
        var errors = new List<string>();
        TooLong(errors, value, 253, "characters");
        if (value.Length == 0 || value.AsSpan().ContainsAnyExcept(KeyCharacters))
        {
            errors.Add(Regex("a valid config key must consist of alphanumeric characters, '-', '_' or '.'", "[-._a-zA-Z0-9]+", "key.name", "KEY_NAME", "key-name"));
        }

        if (value is "." or "..")
        {
            errors.Add($"must not be '{value}'");
        }
        else if (value.StartsWith("..", StringComparison.Ordinal))
        {
            errors.Add("must not start with '..'");
        }

        return errors;
    }

    /// <summary>A percentage, such as <c>25%</c>.</summary>
    public static IReadOnlyList<string> Percent(string value) =>
        value.Length > 1 && value[^1] == '%' && !value.AsSpan(0, value.Length - 1).ContainsAnyExceptInRange('0', '9')
            ? []
            : [Regex("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", "1%", "93%")];

    /// <summary>The name of an HTTP header.</summary>
    public static IReadOnlyList<string> HttpHeaderName(string value) =>
        value.Length > 0 && !value.AsSpan().ContainsAnyExcept(HeaderCharacters)
            ? []
            : [Regex("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", "X-Header-Name")];

    /// <summary>An identifier of the C language, such as the reason of a condition.</summary>
    public static IReadOnlyList<string> CIdentifier(string value) =>
        value.Length > 0 && !char.IsAsciiDigit(value[0]) && !value.AsSpan().ContainsAnyExcept(IdentifierCharacters)
            ? []
            : [Regex(
                "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
                "[A-Za-z_][A-Za-z0-9_]*", "my_name", "MY_NAME", "MyName")];

    /// <summary>An IPv4 or IPv6 address in its usual notation.</summary>
    public static IReadOnlyList<string> IpAddress(string value) =>
        IpText.TryParse(value, out _) ? [] : ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];

    /// <summary>Whether an object's name can be a path segment: not <c>.</c> or <c>..</c>, no '/' and no '%'.</summary>
    public static IReadOnlyList<string> PathSegment(string value)
    {
        if (value is "." or "..")
        {
            return [$"may not be '{value}'"];
        }

        var errors = new List<string>();
        foreach (var forbidden in "/%")
        {
            if (value.Contains(forbidden))
            {
                errors.Add($"may not contain '{forbidden}'");
            }
        }

        return errors;
    }

    /// <summary>A message with the pattern and examples, as Kubernetes words it.</summary>
    public static string Regex(string message, string pattern, params ReadOnlySpan<string> examples)
    {
        if (examples.Length == 0)
        {
            return $"{message} (regex used for validation is '{pattern}')";
        }

        var quoted = new string[examples.Length];
        for (var i = 0; i < examples.Length; i++)
        {
            quoted[i] = $"'{examples[i]}', ";
        }

        return $"{message} (e.g. {string.Join(" or ", quoted)}regex used for validation is '{pattern}')";
    }

    private static readonly System.Buffers.SearchValues<char> LowerDigitsDash = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly System.Buffers.SearchValues<char> KeyCharacters = System.Buffers.SearchValues.Create(Alphanumeric + "-_.");

    private static readonly System.Buffers.SearchValues<char> HeaderCharacters = System.Buffers.SearchValues.Create(Alphanumeric + "-");

    private static readonly System.Buffers.SearchValues<char> IdentifierCharacters = System.Buffers.SearchValues.Create(Alphanumeric + "_");

    private static void TooLong(List<string> errors, string value, int limit, string unit)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(value) > limit)
        {
            errors.Add($"must be no more than {limit} {unit}");
        }
    }

    private static bool IsDnsLabel(ReadOnlySpan<char> value) =>
        value.Length > 0 && value[0] != '-' && value[^1] != '-' && !value.ContainsAnyExcept(LowerDigitsDash);

    private static bool IsDns1035(ReadOnlySpan<char> value) => IsDnsLabel(value) && char.IsAsciiLetterLower(value[0]);

    private static bool IsSubdomain(ReadOnlySpan<char> value)
    {
        foreach (var part in value.Split('.'))
        {
            if (!IsDnsLabel(value[part]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLabelText(ReadOnlySpan<char> value) =>
        value.Length > 0 && char.IsAsciiLetterOrDigit(value[0]) && char.IsAsciiLetterOrDigit(value[^1]) && !value.ContainsAnyExcept(KeyCharacters);
}
