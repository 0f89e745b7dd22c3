using System.Globalization;
using System.Net;

namespace ActorKube.KubeProxy.Dns;

/// <summary>Names that stand for addresses.</summary>
public static class ReverseName
{
    /// <summary>The address of <c>2.0.244.10.in-addr.arpa</c> or of the long form under <c>ip6.arpa</c>; null for other names.</summary>
    public static IPAddress? Parse(string name)
    {
        const string V4 = ".in-addr.arpa", V6 = ".ip6.arpa";
        if (name.EndsWith(V4, StringComparison.Ordinal))
        {
            var parts = name[..^V4.Length].Split('.');
            var bytes = new byte[4];
            return parts.Length == 4 && parts.Reverse().Select((p, i) => byte.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i])).All(ok => ok)
                ? new IPAddress(bytes)
                : null;
        }

        if (name.EndsWith(V6, StringComparison.Ordinal))
        {
            var digits = name[..^V6.Length];
            if (digits.Length != 63 || digits.Where((c, i) => i % 2 == 1 ? c != '.' : !char.IsAsciiHexDigit(c)).Any())
            {
                return null;
            }

            var hex = string.Concat(digits.Where((_, i) => i % 2 == 0).Reverse());
            return new IPAddress(Convert.FromHexString(hex));
        }

        return null;
    }

    /// <summary>The address of <c>10-244-0-2</c> or <c>fd00-244--2</c>; null for other labels.</summary>
    public static IPAddress? ParseDashed(string label) =>
        label.Count(c => c == '-') == 3 && !label.Contains("--", StringComparison.Ordinal) && IPAddress.TryParse(label.Replace('-', '.'), out var v4) && v4.ToString() == label.Replace('-', '.') ? v4
        : label.Contains('-') && IPAddress.TryParse(label.Replace('-', ':'), out var v6) && v6.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? v6
        : null;

    /// <summary>The label of an address that has no host name.</summary>
    public static string Dashed(IPAddress address) => address.ToString().Replace('.', '-').Replace(':', '-');
}
