using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorKube.ApiServer.Authentication;

namespace ActorKube.ApiServer.Registry.Certificates;

/// <summary>Reads the PKCS#10 request in a CertificateSigningRequest.</summary>
internal static class RequestPem
{
    private const string Label = "CERTIFICATE REQUEST";

    /// <summary>Reads a request whose signature holds; or says what is wrong with it.</summary>
    public static bool TryRead(byte[] pem, out SubjectName subject, out string error)
    {
        subject = new SubjectName("", []);
        var text = Encoding.ASCII.GetString(pem);
        if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] != Label)
        {
            error = "PEM block type must be CERTIFICATE REQUEST";
            return false;
        }

        try
        {
            var request = CertificateRequest.LoadSigningRequest(
                Convert.FromBase64String(text[fields.Base64Data]), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions, RSASignaturePadding.Pkcs1);
            subject = SubjectName.Of(request.SubjectName);
            error = "";
            return true;
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or NotSupportedException or FormatException or ArgumentException)
        {
            error = $"unable to parse the certificate request: {e.Message}";
            return false;
        }
    }
}
