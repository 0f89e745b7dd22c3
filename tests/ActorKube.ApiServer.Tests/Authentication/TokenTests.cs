using ActorKube.Api.Meta;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.ApiServer.Authentication;
using ActorKube.ApiServer.Tests.Api;
using ActorKube.Client.Protocol;
using Akka.Actor;
using k8s;
using k8s.Models;
using Microsoft.IdentityModel.Tokens;

namespace ActorKube.ApiServer.Tests.Authentication;

/// <summary>Tokens of service accounts and bootstrap tokens: made, told apart, taken back.</summary>
public sealed class TokenTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Issuer = "https://kubernetes.default.svc.cluster.local";

    private async Task<(string Namespace, V1ServiceAccount Account)> AccountAsync()
    {
        var ns = await server.NamespaceAsync();
        return (ns, await server.Admin.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "robot" } }, ns));
    }

    private async Task<(HttpStatusCode Code, JsonNode Body)> RequestAsync(string ns, string spec)
    {
        using var admin = server.Http(server.Server.Certificates.Admin());
        return await admin.AskAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/serviceaccounts/robot/token", $$$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{{{spec}}}}""");
    }

    private async Task<string> TokenAsync(string ns, string spec = "{}")
    {
        var (code, body) = await RequestAsync(ns, spec);
        Assert.True(code == HttpStatusCode.Created, body.ToJsonString());
        return (string)body["status"]!["token"]!;
    }

    private async Task<JsonNode> ReviewAsync(string token, string audiences = "[]")
    {
        using var admin = server.Http(server.Server.Certificates.Admin());
        return (await admin.AskAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/tokenreviews",
            $$$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"{{{token}}}","audiences":{{{audiences}}}}}""")).Body["status"]!;
    }

    private async Task<HttpStatusCode> ApiAsync(string token)
    {
        using var client = server.WithToken(token);
        return (await client.AskAsync(HttpMethod.Get, "/api")).Code;
    }

    private static JsonNode Payload(string token) => JsonNode.Parse(Base64UrlEncoder.DecodeBytes(token.Split('.')[1]))!;

    [Fact]
    public async Task The_day_on_which_a_secrets_token_was_last_used_stands_at_the_secret()
    {
        var (ns, account) = await AccountAsync();
        using var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(server.DataDirectory, "pki", "sa.key")));
        var claims = new JsonObject
        {
            ["iss"] = "kubernetes/serviceaccount", ["sub"] = $"system:serviceaccount:{ns}:robot", ["kubernetes.io/serviceaccount/namespace"] = ns, ["kubernetes.io/serviceaccount/secret.name"] = "old",
            ["kubernetes.io/serviceaccount/service-account.name"] = "robot", ["kubernetes.io/serviceaccount/service-account.uid"] = account.Metadata.Uid,
        };
        // The server signs with the same key, and must not be handed this one, which ends with the test.
        var uncached = new CryptoProviderFactory { CacheSignatureProviders = false };
        var token = new Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }
            .CreateToken(claims.ToJsonString(), new SigningCredentials(new ECDsaSecurityKey(key) { CryptoProviderFactory = uncached }, SecurityAlgorithms.EcdsaSha256));
        await server.Admin.CoreV1.CreateNamespacedSecretAsync(
            new V1Secret
            {
                Type = "kubernetes.io/service-account-token",
                Metadata = new V1ObjectMeta { Name = "old", Annotations = new Dictionary<string, string> { ["kubernetes.io/service-account.name"] = "robot" } },
                Data = new Dictionary<string, byte[]> { ["token"] = Encoding.UTF8.GetBytes(token) },
            },
            ns);

        var before = LegacyTokens.Day(TimeProvider.System.GetUtcNow());
        Assert.Equal(HttpStatusCode.OK, await ApiAsync(token));
        var secret = await server.Admin.CoreV1.ReadNamespacedSecretAsync("old", ns);
        Assert.Contains(secret.Metadata.Labels["kubernetes.io/legacy-token-last-used"], new List<string> { before, LegacyTokens.Day(TimeProvider.System.GetUtcNow()) });
        var version = secret.Metadata.ResourceVersion;
        Assert.Equal(HttpStatusCode.OK, await ApiAsync(token));
        secret = await server.Admin.CoreV1.ReadNamespacedSecretAsync("old", ns);
        Assert.True(secret.Metadata.ResourceVersion == version || before != LegacyTokens.Day(TimeProvider.System.GetUtcNow()), "a second use of the same day is no second write");
        var tracking = await server.Admin.CoreV1.ReadNamespacedConfigMapAsync(LegacyTokens.TrackingName, "kube-system");
        Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", tracking.Data["since"]);
    }

    [Fact]
    public async Task A_token_says_whose_it_is_for_whom_and_how_long()
    {
        var (ns, account) = await AccountAsync();
        var (code, body) = await RequestAsync(ns, "{}");
        Assert.Equal(HttpStatusCode.Created, code);
        Assert.Equal((3600, Issuer), ((int)body["spec"]!["expirationSeconds"]!, (string?)body["spec"]!["audiences"]![0]));
        Assert.Equal(("robot", ns), ((string?)body["metadata"]!["name"], (string?)body["metadata"]!["namespace"]));
        var token = (string)body["status"]!["token"]!;
        var claims = Payload(token);
        Assert.Equal((Issuer, $"system:serviceaccount:{ns}:robot", Issuer), ((string?)claims["iss"], (string?)claims["sub"], (string?)claims["aud"]![0]));
        Assert.Equal(3600, (long)claims["exp"]! - (long)claims["iat"]!);
        Assert.Equal((ns, "robot", account.Metadata.Uid),
            ((string?)claims["kubernetes.io"]!["namespace"], (string?)claims["kubernetes.io"]!["serviceaccount"]!["name"], (string?)claims["kubernetes.io"]!["serviceaccount"]!["uid"]));
        var status = await ReviewAsync(token);
        Assert.Equal((true, $"system:serviceaccount:{ns}:robot", account.Metadata.Uid), ((bool)status["authenticated"]!, (string?)status["user"]!["username"], (string?)status["user"]!["uid"]));
        Assert.Equal(["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"], status["user"]!["groups"]!.AsArray().Select(g => (string)g!));
        Assert.Equal($"JTI={(string)claims["jti"]!}", (string?)status["user"]!["extra"]!["authentication.kubernetes.io/credential-id"]![0]);
        Assert.Equal(HttpStatusCode.OK, await ApiAsync(token));
    }

    [Fact]
    public async Task Requests_that_make_no_sense_are_refused()
    {
        var (ns, _) = await AccountAsync();
        var (code, body) = await RequestAsync(ns, """{"expirationSeconds":599}""");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "TokenRequest.authentication.k8s.io \"robot\" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes"), (code, body.Message()));
        (code, body) = await RequestAsync(ns, """{"boundObjectRef":{"kind":"ConfigMap","apiVersion":"v1","name":"x"}}""");
        Assert.Equal((HttpStatusCode.BadRequest, "cannot bind token to object of type /v1, Kind=ConfigMap"), (code, body.Message()));
        (code, body) = await RequestAsync(ns, """{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"x"}}""");
        Assert.Equal((HttpStatusCode.NotFound, "pods \"x\" not found"), (code, body.Message()));
        using var admin = server.Http(server.Server.Certificates.Admin());
        Assert.Equal(HttpStatusCode.NotFound, (await admin.AskAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/serviceaccounts/other/token", "{}")).Code);
    }

    [Fact]
    public async Task A_token_for_others_is_none_for_the_API_server()
    {
        var (ns, _) = await AccountAsync();
        var token = await TokenAsync(ns, """{"audiences":["vault","mail"]}""");
        Assert.Equal(HttpStatusCode.Unauthorized, await ApiAsync(token));
        Assert.Null((await ReviewAsync(token))["authenticated"]);
        var status = await ReviewAsync(token, """["mail","other"]""");
        Assert.True((bool)status["authenticated"]!);
        Assert.Equal(["mail"], status["audiences"]!.AsArray().Select(a => (string)a!));
    }

    [Fact]
    public async Task A_token_ends_with_the_pod_or_secret_it_is_bound_to_and_with_its_account()
    {
        var (ns, account) = await AccountAsync();
        await server.Admin.CoreV1.CreateNamespacedSecretAsync(new V1Secret { Metadata = new V1ObjectMeta { Name = "s" } }, ns);
        var pod = await server.Admin.CoreV1.CreateNamespacedPodAsync(new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "p" },
            Spec = new V1PodSpec { ServiceAccountName = "robot", AutomountServiceAccountToken = false, NodeName = "n1", Containers = [new V1Container { Name = "c", Image = "i" }] },
        }, ns);
        var (ofPod, ofSecret, free) = (await TokenAsync(ns, """{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"}}"""), await TokenAsync(ns, """{"boundObjectRef":{"kind":"Secret","apiVersion":"v1","name":"s"}}"""), await TokenAsync(ns));
        var extra = (await ReviewAsync(ofPod))["user"]!["extra"]!;
        Assert.Equal(("p", pod.Metadata.Uid, "n1"),
            ((string?)extra["authentication.kubernetes.io/pod-name"]![0], (string?)extra["authentication.kubernetes.io/pod-uid"]![0], (string?)extra["authentication.kubernetes.io/node-name"]![0]));
        Assert.Equal(HttpStatusCode.Conflict, (await RequestAsync(ns, """{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p","uid":"another"}}""")).Code);
        await server.Admin.CoreV1.DeleteNamespacedPodAsync("p", ns, new V1DeleteOptions { GracePeriodSeconds = 0 });
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await ApiAsync(ofPod), await ApiAsync(ofSecret)));
        await server.Admin.CoreV1.DeleteNamespacedSecretAsync("s", ns);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (await ApiAsync(ofSecret), await ApiAsync(free)));
        await server.Admin.CoreV1.DeleteNamespacedServiceAccountAsync("robot", ns);
        Assert.Equal(HttpStatusCode.Unauthorized, await ApiAsync(free));
        await server.Admin.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "robot" } }, ns);
        Assert.Equal(HttpStatusCode.Unauthorized, await ApiAsync(free));
        Assert.NotNull(account.Metadata.Uid);
    }

    [Fact]
    public async Task A_pods_default_token_lives_a_year_and_says_when_it_should_have_been_renewed()
    {
        var (ns, _) = await AccountAsync();
        await server.Admin.CoreV1.CreateNamespacedPodAsync(new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "p" },
            Spec = new V1PodSpec { ServiceAccountName = "robot", AutomountServiceAccountToken = false, Containers = [new V1Container { Name = "c", Image = "i" }] },
        }, ns);
        var claims = Payload(await TokenAsync(ns, """{"expirationSeconds":3607,"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p"}}"""));
        Assert.Equal((365 * 24 * 3600, 3607), ((long)claims["exp"]! - (long)claims["iat"]!, (long)claims["kubernetes.io"]!["warnafter"]! - (long)claims["iat"]!));
    }

    [Fact]
    public async Task A_token_that_was_tampered_with_is_nobodys()
    {
        var (ns, _) = await AccountAsync();
        var parts = (await TokenAsync(ns)).Split('.');
        var claims = Payload(string.Join('.', parts));
        claims["sub"] = "system:serviceaccount:kube-system:namespace-controller";
        claims["kubernetes.io"]!["namespace"] = "kube-system";
        Assert.Equal(HttpStatusCode.Unauthorized, await ApiAsync($"{parts[0]}.{Base64UrlEncoder.Encode(claims.ToJsonString())}.{parts[2]}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await ApiAsync($"{Base64UrlEncoder.Encode("""{"alg":"none"}""")}.{parts[1]}."));
        Assert.Equal(HttpStatusCode.Unauthorized, await ApiAsync("eyJ.eyJ.x"));
    }

    [Fact]
    public async Task Anybody_with_a_service_account_can_verify_tokens_by_the_published_keys()
    {
        var (ns, _) = await AccountAsync();
        var token = await TokenAsync(ns);
        using var robot = server.WithToken(token);
        var (_, document) = await robot.AskAsync(HttpMethod.Get, "/.well-known/openid-configuration");
        Assert.Equal((Issuer, "id_token"), ((string?)document["issuer"], (string?)document["response_types_supported"]![0]));
        Assert.EndsWith("/openid/v1/jwks", (string?)document["jwks_uri"]);
        var keys = new JsonWebKeySet((await robot.AskAsync(HttpMethod.Get, "/openid/v1/jwks")).Body.ToJsonString());
        var result = await new Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler().ValidateTokenAsync(token,
            new TokenValidationParameters { IssuerSigningKeys = keys.GetSigningKeys(), ValidIssuer = Issuer, ValidAudience = Issuer });
        Assert.True(result.IsValid, result.Exception?.Message);
    }

    [Fact]
    public async Task An_actor_connection_takes_the_same_tokens()
    {
        var (ns, _) = await AccountAsync();
        var token = await TokenAsync(ns);
        using var inbox = Inbox.Create(server.System);
        var actor = server.System.ActorSelection("/user/apiserver");
        var connected = Assert.IsType<Connected>(await actor.Ask<object>(new Connect(new TokenCredential(token), inbox.Receiver), TimeSpan.FromSeconds(60)));
        Assert.Equal($"system:serviceaccount:{ns}:robot", connected.User.Name);
        Assert.IsType<ConnectRefused>(await actor.Ask<object>(new Connect(new TokenCredential(token + "x"), inbox.Receiver), TimeSpan.FromSeconds(60)));
        var proxy = Assert.IsType<Connected>(await actor.Ask<object>(new Connect(new TokenCredential(TokenAuthenticator.JoinAsProxy(server.Server.Tokens.JoinToken)), inbox.Receiver), TimeSpan.FromSeconds(60)));
        Assert.Equal("system:kube-proxy", proxy.User.Name);
    }

    [Fact]
    public async Task A_token_of_the_key_before_is_good_while_that_key_is_kept()
    {
        var directory = Directory.CreateTempSubdirectory("actorkube-keys-").FullName;
        try
        {
            using var rsa = RSA.Create(2048);
            var old = Path.Combine(directory, "old.key");
            await File.WriteAllTextAsync(old, rsa.ExportPkcs8PrivateKeyPem());
            var settings = ApiServerSettings.Default.Authentication;
            var before = new ServiceAccountTokens(ServiceAccountKeys.Open(settings with { SigningKeyFile = old }, directory));
            var token = before.Sign(new ServiceAccountClaims { Issuer = "i", Audiences = ["a"], Namespace = "n", ServiceAccount = new BoundObject("s", "u"), ExpiresAt = 5 });
            Assert.Contains("\"RS256\"", Encoding.UTF8.GetString(Base64UrlEncoder.DecodeBytes(token.Split('.')[0])));
            var rotating = new ServiceAccountTokens(ServiceAccountKeys.Open(settings with { VerificationKeyFiles = [old] }, directory));
            Assert.Equal(["ES256", "RS256"], rotating.Keys.Algorithms);
            Assert.Equal(("s", 5), (await rotating.ReadAsync(token) is { } read ? (read.ServiceAccount.Name, read.ExpiresAt) : default));
            Assert.Null(await new ServiceAccountTokens(ServiceAccountKeys.Open(settings, directory)).ReadAsync(token));
        }
        finally
        {
            Directory.Delete(directory, true);
        }
    }

    [Fact]
    public async Task A_bootstrap_token_is_a_secret_with_a_use_and_an_end()
    {
        static V1Secret Secret(string id, params (string Key, string Value)[] more) => new()
        {
            Metadata = new V1ObjectMeta { Name = $"bootstrap-token-{id}" },
            Type = "bootstrap.kubernetes.io/token",
            StringData = new Dictionary<string, string>(more.Select(m => KeyValuePair.Create(m.Key, m.Value))) { ["token-id"] = id, ["token-secret"] = "0123456789abcdef" },
        };
        await server.Admin.CoreV1.CreateNamespacedSecretAsync(Secret("abcdef", ("usage-bootstrap-authentication", "true"), ("auth-extra-groups", "system:bootstrappers:workers"), ("expiration", "2999-01-01T00:00:00Z")), "kube-system");
        await server.Admin.CoreV1.CreateNamespacedSecretAsync(Secret("signer", ("usage-bootstrap-signing", "true")), "kube-system");
        var status = await ReviewAsync("abcdef.0123456789abcdef");
        Assert.Equal("system:bootstrap:abcdef", (string?)status["user"]!["username"]);
        Assert.Equal(["system:bootstrappers", "system:bootstrappers:workers", "system:authenticated"], status["user"]!["groups"]!.AsArray().Select(g => (string)g!));
        Assert.Equal(HttpStatusCode.OK, await ApiAsync("abcdef.0123456789abcdef"));
        Assert.Equal(HttpStatusCode.Unauthorized, await ApiAsync("abcdef.0123456789abcdeg"));
        Assert.Equal(HttpStatusCode.Unauthorized, await ApiAsync("signer.0123456789abcdef"));
        var expired = Secret("x", ("usage-bootstrap-authentication", "true"), ("expiration", "2001-01-01T00:00:00Z"));
        expired.Data = expired.StringData.ToDictionary(d => d.Key, d => Encoding.UTF8.GetBytes(d.Value));
        Assert.Null(BootstrapTokenAuthenticator.Judge(expired, "x", "0123456789abcdef", TimeProvider.System.GetUtcNow()));
    }
}
