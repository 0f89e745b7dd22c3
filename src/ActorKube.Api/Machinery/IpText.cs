using System.Net;
using System.Net.Sockets;

namespace ActorKube.Api.Machinery;

/// <summary>IP addresses and ranges as Kubernetes reads them: dotted IPv4 with four parts and no leading zeros, IPv6 without a zone.</summary>
public static class IpText
{
    /// <summary>Reads an address; stricter than <see cref="IPAddress.Parse(string)"/>, which takes <c>1</c> and <c>0x7f.1</c> for IPv4.</summary>
    public static bool TryParse(string? text, out IPAddress address)
    {
        address = IPAddress.None;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        if (text.Contains(':'))
        {
            return !text.Contains('%') && !text.Contains('[') && IPAddress.TryParse(text, out address!) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        return IsDotted(text) && IPAddress.TryParse(text, out address!);
    }

    /// <summary>Reads a range such as <c>10.0.0.0/8</c>. The address may have bits beyond the prefix.</summary>
    public static bool TryParseRange(string? text, out IPAddress address, out int prefix)
    {
        prefix = 0;
        address = IPAddress.None;
        var slash = text?.IndexOf('/') ?? -1;
        return slash > 0
            && TryParse(text![..slash], out address)
            && int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, null, out prefix)
            && prefix <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    /// <summary>Whether the text is an IPv6 address.</summary>
    public static bool IsV6(string text) => TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;

    private static bool IsDotted(string text)
    {
        var parts = text.Split('.');
        return parts.Length == 4 && parts.All(part =>
            part.Length is > 0 and <= 3 && (part.Length == 1 || part[0] != '0') && part.All(char.IsAsciiDigit) && int.Parse(part) <= 255);
    }
}
