using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorKube.ControllerManager.ServiceAccounts;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.ServiceAccounts;

public class TokenSecretTests
{
    private static readonly byte[] Root = "the root"u8.ToArray();

    [Fact]
    public void A_token_secret_is_filled()
    {
        var written = (V1Secret)Assert.Single(Reconcile(Secret(), Account()).Of<Update>()).Object;

        Assert.Equal("uid-build", written.Metadata.Annotations["kubernetes.io/service-account.uid"]);
        Assert.Equal(("token of uid-build", "the root", "default"), (Text(written, "token"), Text(written, "ca.crt"), Text(written, "namespace")));
        Assert.Empty(Reconcile(written, Account()).Actions);
    }

    [Fact]
    public void A_changed_root_is_taken_over_and_the_token_stays()
    {
        var filled = (V1Secret)Reconcile(Secret(), Account()).Of<Update>()[0].Object;

        var written = (V1Secret)TokenSecretController.Reconcile(filled, Account(), "another"u8.ToArray(), _ => throw new InvalidOperationException("no new token")).Of<Update>()[0].Object;

        Assert.Equal(("token of uid-build", "another"), (Text(written, "token"), Text(written, "ca.crt")));
    }

    [Fact]
    public void Without_a_key_it_waits()
    {
        var plan = TokenSecretController.Reconcile(Secret(), Account(), Root, _ => null);

        Assert.Empty(plan.Actions);
        Assert.NotNull(plan.RequeueAfter);
    }

    [Fact]
    public void A_secret_of_an_account_that_is_gone_or_another_is_looked_into()
    {
        Assert.Single(Reconcile(Secret(), null).Of<Procedure>());
        var old = Secret();
        old.Metadata.Annotations["kubernetes.io/service-account.uid"] = "uid-of-another-life";
        Assert.Single(Reconcile(old, Account()).Of<Procedure>());
    }

    [Theory]
    [InlineData(false, "ES256")]
    [InlineData(true, "RS256")]
    public void A_token_says_whose_it_is_and_is_signed(bool rsa, string algorithm)
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var signer = new LegacyTokenSigner(file);
        Assert.Null(signer.Sign("ns", "build", "uid", "s"));
        using var key = rsa ? (AsymmetricAlgorithm)RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(file, key.ExportPkcs8PrivateKeyPem());

        var parts = signer.Sign("ns", "build", "uid", "s")!.Split('.');

        File.Delete(file);
        var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0])).RootElement;
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement;
        Assert.Equal(algorithm, header.GetProperty("alg").GetString());
        Assert.Equal(Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo())), header.GetProperty("kid").GetString());
        Assert.Equal("system:serviceaccount:ns:build", claims.GetProperty("sub").GetString());
        Assert.Equal("s", claims.GetProperty("kubernetes.io/serviceaccount/secret.name").GetString());
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        var signature = Base64Url.DecodeFromChars(parts[2]);
        Assert.True(key is RSA r ? r.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : ((ECDsa)key).VerifyData(signed, signature, HashAlgorithmName.SHA256));
    }

    private static Plan Reconcile(V1Secret secret, V1ServiceAccount? account) => TokenSecretController.Reconcile(secret, account, Root, uid => $"token of {uid}");

    private static V1ServiceAccount Account() => new() { Metadata = Some.Meta("build") };

    private static V1Secret Secret()
    {
        var secret = new V1Secret { Metadata = Some.Meta("s"), Type = "kubernetes.io/service-account-token" };
        secret.Metadata.Annotations = new Dictionary<string, string> { ["kubernetes.io/service-account.name"] = "build" };
        return secret;
    }

    private static string Text(V1Secret secret, string key) => Encoding.UTF8.GetString(secret.Data[key]);
}
