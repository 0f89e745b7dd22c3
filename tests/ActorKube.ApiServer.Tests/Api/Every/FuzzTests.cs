using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Protobuf;

namespace ActorKube.ApiServer.Tests.Api.Every;

/// <summary>Requests that no honest client would send: the same ones in every run.</summary>
public sealed class FuzzTests(TestServer server) : IClassFixture<TestServer>, IDisposable
{
    private const int Requests = 10_000;
    private const int Callers = 8;

    private static readonly string[] Resources = ["configmaps", "secrets", "pods", "services", "deployments.apps", "statefulsets.apps", "jobs.batch", "leases.coordination.k8s.io", "ingresses.networking.k8s.io", "roles.rbac.authorization.k8s.io"];

    private static readonly string[] Odd =
    [
        "null", "true", "-1", "0", "1e999", "99999999999999999999", "0.5", "\"\"", "\"x\"", "\"\\ud800\"", "[]", "{}", "[[[]]]", "[null]", "{\"\":{}}", "{\"$patch\":\"delete\"}", "{\"$patch\":7}",
        "{\"$patch\":\"merge\"}", "{\"$patch\":\"replace\",\"a\":1}", "[{\"$patch\":\"delete\"}]", "[{\"$patch\":\"replace\"}]", "[{\"x\":1}]", "[1,\"a\",{}]", "{\"$retainKeys\":[\"a\"]}", "{\"$retainKeys\":3}",
        "{\"$setElementOrder/containers\":[{\"name\":\"c\"}]}", "{\"$setElementOrder/containers\":[7]}", "{\"$setElementOrder/finalizers\":[\"a\"]}", "{\"$deleteFromPrimitiveList/finalizers\":[\"a\"]}",
        "{\"$deleteFromPrimitiveList/finalizers\":{}}", "\"2026-13-45T99:99:99Z\"", "\"-5Gi\"", "\"1e1000\"", "\"9223372036854775808\"", "2147483648", "\"\\u0000\"",
    ];

    private static readonly string[] Queries =
    [
        "labelSelector=", "labelSelector=a%20in%20(", "labelSelector=a%3D%3D%3Db", "labelSelector=%21", "labelSelector=a%3D%C3%A4", "labelSelector=,,", "labelSelector=a%20notin%20(b,c)", "labelSelector=a%3E1", "labelSelector=a%3Ex",
        "fieldSelector=metadata.name%3Dx", "fieldSelector=%3D", "fieldSelector=a.b!%3Dc,", "fieldSelector=metadata.name", "fieldSelector=%5C", "limit=-1", "limit=x", "limit=1", "limit=9223372036854775808", "continue=x",
        "continue=e30", "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0IjoiXHUwMDAwIn0", "resourceVersion=x", "resourceVersion=-1", "resourceVersion=0", "resourceVersion=18446744073709551616", "resourceVersionMatch=Exact",
        "resourceVersionMatch=NotOlderThan", "resourceVersionMatch=Odd", "sendInitialEvents=1", "sendInitialEvents=maybe", "timeoutSeconds=-1", "timeoutSeconds=1", "pretty=1", "pretty=x", "dryRun=All", "dryRun=Some", "fieldManager=%00",
        "fieldManager=" + "x", "fieldValidation=Strict", "fieldValidation=Odd", "gracePeriodSeconds=x", "gracePeriodSeconds=-1", "propagationPolicy=Odd", "orphanDependents=maybe", "force=true", "force=x", "includeObject=Odd", "watch=0", "exact=1", "=", "%00=%ff",
    ];

    private static readonly string[] Paths =
    [
        "/api/v1/namespaces/default/{r}/..%2f..", "/api/v1/namespaces/default/{r}/a%00b", "/api/v1/namespaces//{r}", "/api/v1/{r}/a/b/c/d", "/apis/apps/v2/{r}", "/apis//v1/{r}", "/api/v1/namespaces/%FF/{r}", "/api/v1/namespaces/default/{r}/x/status",
        "/api/v1/namespaces/default/{r}/x/scale", "/api/v1/namespaces/default/pods/x/log", "/api/v1/namespaces/default/pods/x/eviction", "/api/v1/namespaces/default/pods/x/binding", "/api/v1/namespaces/default/pods/x/ephemeralcontainers",
        "/api/v1/namespaces/default/serviceaccounts/default/token", "/apis/apps/v1/namespaces/default/deployments/x/scale", "/apis", "/api/v1", "/apis/apps", "/openapi/v3/apis/x/y", "/openapi/v2", "/healthz/none", "/version/x", "/api/v1/watch/{r}", "/api/v1/namespaces/default/{r}",
    ];

    private static readonly string[] Types = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", Patch.Json, Patch.Merge, Patch.Strategic, Patch.Apply, "text/plain", "application/cbor"];

    private static readonly string[] Accepts = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/json;as=Table;v=v1;g=meta.k8s.io", "*/*", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"];

    private readonly HttpClient _admin = server.Http(server.Server.Certificates.Admin());

    public void Dispose() => _admin.Dispose();

    [Fact]
    public async Task Nothing_that_a_client_sends_is_the_servers_fault()
    {
        var ns = await server.NamespaceAsync();
        var targets = new List<(ResourceKind Kind, string Collection)>();
        foreach (var kind in Resources.Select(r => Examples.Kinds.First(k => k.GroupResource == r)))
        {
            var collection = $"{(kind.Group.Length == 0 ? "/api" : "/apis")}/{kind.ApiVersion}/namespaces/{ns}/{kind.Resource}";
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Examples.Of(kind, ns, "a").ToJsonString())) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var made = await _admin.PostAsync(collection, content);
            Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
            targets.Add((kind, collection));
        }

        // A first part brings everything that is made once, so that what is measured is what is left behind.
        var failures = new ConcurrentBag<string>();
        await RunAsync(targets, ns, 0, Requests / 5, failures);
        var before = Settled();
        await RunAsync(targets, ns, Requests / 5, Requests, failures);
        Assert.True(failures.IsEmpty, string.Join('\n', failures.Take(20)));
        var grown = (Settled() - before) / 1024 / 1024;
        Assert.True(grown < 64, $"{grown} MiB more are in use than before");
        using var alive = await _admin.GetAsync("/readyz");
        Assert.True(alive.IsSuccessStatusCode);
    }

    private Task RunAsync(List<(ResourceKind Kind, string Collection)> targets, string ns, int from, int to, ConcurrentBag<string> failures) =>
        Parallel.ForAsync(from, to, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (seed, cancelled) =>
        {
            using var request = Request(new Random(seed), targets, ns);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
            limit.CancelAfter(TimeSpan.FromSeconds(20));
            try
            {
                using var response = await _admin.SendAsync(request, limit.Token);
                var body = await response.Content.ReadAsByteArrayAsync(limit.Token);
                if ((int)response.StatusCode >= 500)
                {
                    failures.Add($"{seed}: {request.Method} {request.RequestUri} {request.Content?.Headers.ContentType} {await Sent(request)} → {(int)response.StatusCode} {Encoding.UTF8.GetString(body)}");
                }
            }
            catch (OperationCanceledException)
            {
                failures.Add($"{seed}: {request.Method} {request.RequestUri} had no answer");
            }
        });

    private static async Task<string> Sent(HttpRequestMessage request) =>
        request.Content is null ? "" : Encoding.UTF8.GetString(await request.Content.ReadAsByteArrayAsync()) is var text && text.Length > 600 ? text[..600] : await request.Content!.ReadAsStringAsync();

    private static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(true);
    }

    private static HttpRequestMessage Request(Random random, List<(ResourceKind Kind, string Collection)> targets, string ns)
    {
        var (kind, collection) = Pick(random, targets);
        var example = Examples.Of(kind, ns, "a");
        var one = $"{collection}/{Examples.Name(kind, "a")}";
        var query = "?" + string.Join('&', Enumerable.Range(0, random.Next(3)).Select(_ => Pick(random, Queries)));
        var dry = query + "&dryRun=All";
        var (method, url, type, body) = random.Next(8) switch
        {
            0 => (HttpMethod.Get, (random.Next(2) == 0 ? collection : one) + query, "", null),
            1 => (Pick(random, [HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete]), Pick(random, Paths).Replace("{r}", kind.Resource, StringComparison.Ordinal) + "?timeoutSeconds=1&" + dry[1..], Pick(random, Types), Text(Mutated(random, example))),
            2 => (HttpMethod.Post, collection + dry, "application/json", Broken(random, Text(Mutated(random, example)))),
            3 => (HttpMethod.Put, one + dry, Pick(random, ["application/json", "application/yaml"]), Text(Mutated(random, example))),
            4 => (random.Next(2) == 0 ? HttpMethod.Post : HttpMethod.Put, random.Next(2) == 0 ? collection + dry : one + dry, "application/vnd.kubernetes.protobuf", Broken(random, Message(kind, example))),
            5 => (HttpMethod.Patch, one + dry, Pick(random, [Patch.Merge, Patch.Strategic, Patch.Strategic, Patch.Apply]), Text(Mutated(random, example))),
            6 => (HttpMethod.Patch, one + dry, Patch.Json, Text(Operations(random, example))),
            _ => (HttpMethod.Delete, one + dry, Pick(random, ["application/json", "application/vnd.kubernetes.protobuf"]), Broken(random, Encoding.UTF8.GetBytes($$$"""{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":{{{Pick(random, Odd)}}} },"gracePeriodSeconds":{{{Pick(random, Odd)}}} }"""))),
        };
        var request = new HttpRequestMessage(method, url);
        request.Headers.TryAddWithoutValidation("Accept", Pick(random, Accepts));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return request;
    }

    private static byte[] Message(ResourceKind kind, JsonObject example) =>
        ProtobufWriter.Object(new ApiObject(Encoding.UTF8.GetBytes(example.ToJsonString()), kind.ClrType!));

    // One to three values are replaced by something else, taken away, or given a companion.
    private static string Mutated(Random random, JsonObject example)
    {
        var text = example.ToJsonString();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var places = Places(text);
            if (places.Count > 0)
            {
                var (start, end) = Pick(random, places);
                text = string.Concat(text.AsSpan(0, start), Pick(random, Odd), text.AsSpan(end));
            }
        }

        return random.Next(10) == 0 ? text[..^1] + ",\"metadata\":{\"name\":\"twice\"},\"$patch\":\"merge\"}" : text;
    }

    // Where values stand: from after a colon or an opening bracket to the end of the value.
    private static List<(int Start, int End)> Places(string text)
    {
        var places = new List<(int, int)>();
        for (var i = 0; i < text.Length - 1; i++)
        {
            if (text[i] is ':' or '[' && End(text, i + 1) is var end && end > i + 1)
            {
                places.Add((i + 1, end));
            }
        }

        return places;
    }

    private static int End(string text, int start)
    {
        var (depth, quoted) = (0, false);
        for (var i = start; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted)
            {
                (i, quoted) = c == '\\' ? (i + 1, true) : (i, c != '"');
            }
            else if (c == '"')
            {
                quoted = true;
            }
            else if (c is '{' or '[')
            {
                depth++;
            }
            else if (c is '}' or ']' or ',' && (depth -= c == ',' ? 0 : 1) < (c == ',' ? 1 : 0))
            {
                return i;
            }
        }

        return start;
    }

    private static string Operations(Random random, JsonObject example)
    {
        string[] paths = ["/metadata/labels/a", "/metadata/labels", "/spec", "/metadata/name", "/spec/containers/-", "/spec/containers/0", "/spec/template/spec/containers/-1", "/data/k", "", "/", "/~2", "nothing", "/metadata/annotations/x~1y", "/spec/ports/99"];
        string[] verbs = ["add", "remove", "replace", "move", "copy", "test", "odd"];
        var value = random.Next(4) == 0 ? example.ToJsonString() : Pick(random, Odd);
        return "[" + string.Join(',', Enumerable.Range(0, random.Next(1, 5)).Select(_ => $$$"""{"op":"{{{Pick(random, verbs)}}}","path":"{{{Pick(random, paths)}}}","from":"{{{Pick(random, paths)}}}","value":{{{value}}} }""")) + "]";
    }

    private static byte[] Broken(Random random, byte[] bytes)
    {
        if (random.Next(3) == 0)
        {
            return bytes;
        }

        var broken = bytes.ToList();
        for (var i = random.Next(1, 6); i > 0 && broken.Count > 1; i--)
        {
            var at = random.Next(broken.Count);
            switch (random.Next(4))
            {
                case 0:
                    broken[at] = (byte)random.Next(256);
                    break;
                case 1:
                    broken.RemoveAt(at);
                    break;
                case 2:
                    broken.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    broken.RemoveRange(at, Math.Min(random.Next(1, 30), broken.Count - at));
                    break;
            }
        }

        return [.. broken];
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
