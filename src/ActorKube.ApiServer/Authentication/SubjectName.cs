using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace ActorKube.ApiServer.Authentication;

/// <summary>Who a certificate, or a request for one, names. Several values in one part of a name are read one by one, as Go's programs write organizations.</summary>
/// <param name="CommonName">The common name; empty when there is none.</param>
/// <param name="Organizations">The organizations, in their order.</param>
internal sealed record SubjectName(string CommonName, IReadOnlyList<string> Organizations)
{
    private const string CommonNameType = "2.5.4.3";
    private const string OrganizationType = "2.5.4.10";

    /// <summary>Reads a name; the last common name counts.</summary>
    /// <exception cref="AsnContentException">The bytes are no name.</exception>
    public static SubjectName Of(X500DistinguishedName name)
    {
        var (common, organizations) = ("", new List<string>());
        var parts = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence();
        while (parts.HasData)
        {
            var values = parts.ReadSetOf(skipSortOrderValidation: true);
            while (values.HasData)
            {
                var value = values.ReadSequence();
                var type = value.ReadObjectIdentifier();
                if (type is CommonNameType or OrganizationType)
                {
                    var text = value.ReadCharacterString((UniversalTagNumber)value.PeekTag().TagValue);
                    if (type == CommonNameType)
                    {
                        common = text;
                    }
                    else
                    {
                        organizations.Add(text);
                    }
                }
            }
        }

        return new SubjectName(common, organizations);
    }
}
