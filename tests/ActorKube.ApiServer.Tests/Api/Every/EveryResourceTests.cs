using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Protobuf;
using ActorKube.ApiServer.Tests.Protobuf;

namespace ActorKube.ApiServer.Tests.Api.Every;

/// <summary>Everything that may be done with every kind, in JSON and in protobuf, over HTTPS.</summary>
public sealed class EveryResourceTests(TestServer server) : IClassFixture<TestServer>, IDisposable
{
    private const string Json = "application/json";
    private const string Protobuf = "application/vnd.kubernetes.protobuf";

    private readonly HttpClient _admin = server.Http(server.Server.Certificates.Admin());

    public static TheoryData<string> Kinds => [.. Examples.Kinds.Select(k => k.ToString())];

    public void Dispose() => _admin.Dispose();

    [Fact]
    public void There_is_an_example_of_every_kind() => Assert.Empty(Examples.Missing);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Both_encodings_say_the_same_through_an_objects_life(string name)
    {
        var kind = KindRegistry.BuiltIn.All.Single(k => k.ToString() == name);
        var ns = kind.Namespaced ? await server.NamespaceAsync() : "";
        var collection = $"{(kind.Group.Length == 0 ? "/api" : "/apis")}/{kind.ApiVersion}{(ns.Length == 0 ? "" : $"/namespaces/{ns}")}/{kind.Resource}";
        var (a, b) = ($"{collection}/{Examples.Name(kind, "a")}", $"{collection}/{Examples.Name(kind, "b")}");

        // The one is created in JSON, the other in protobuf; each is answered in the other encoding.
        var first = ReadProtobuf(await SendAsync(HttpMethod.Post, collection, Bytes(Examples.Of(kind, ns, "a")), Json, Protobuf, HttpStatusCode.Created));
        var example = new ApiObject(Bytes(Plain(kind, Examples.Of(kind, ns, "b"))), kind.ClrType!);
        JsonNode.Parse(await SendAsync(HttpMethod.Post, collection, ProtobufWriter.Object(example), Protobuf, Json, HttpStatusCode.Created));
        Assert.Equal(Examples.Name(kind, "a"), (string?)first["metadata"]!["name"]);
        if (kind.Resource == "customresourcedefinitions")
        {
            await EstablishedAsync(a);
            await EstablishedAsync(b);
        }

        await SameAsync(kind, a);
        await SameAsync(kind, b);

        var lists = (Json: JsonNode.Parse(await GetAsync($"{collection}?labelSelector=every%3Dyes", Json))!, Protobuf: ReadProtobuf(await GetAsync($"{collection}?labelSelector=every%3Dyes", Protobuf)));
        Assert.Equal(2, lists.Json["items"]!.AsArray().Count);
        Equal(lists.Json, lists.Protobuf);
        Assert.Equal(kind.Kind + "List", (string?)lists.Protobuf["kind"]);

        await PatchesAndWatchesAsync(kind, collection, a, (string)lists.Json["metadata"]!["resourceVersion"]!);
        await SameAsync(kind, a);
        await UpdatesAsync(kind, a);
        await SubresourcesAsync(kind, a);
        await DeletesAsync(kind, collection, a, b);
    }

    private async Task PatchesAndWatchesAsync(ResourceKind kind, string collection, string url, string version)
    {
        var json = WatchAsync($"{collection}?watch=1&labelSelector=tag%3Da&resourceVersion={version}&timeoutSeconds=20", Json);
        var protobuf = WatchAsync($"{collection}?watch=1&labelSelector=tag%3Da&resourceVersion={version}&timeoutSeconds=20", Protobuf);
        await SendAsync(HttpMethod.Patch, url, """{"metadata":{"annotations":{"merge":"1"}}}"""u8.ToArray(), Patch.Merge, Json, HttpStatusCode.OK);
        await SendAsync(HttpMethod.Patch, url, """[{"op":"add","path":"/metadata/annotations/json","value":"1"},{"op":"test","path":"/metadata/annotations/merge","value":"1"}]"""u8.ToArray(), Patch.Json, Json, HttpStatusCode.OK);
        await SendAsync(HttpMethod.Patch, url, """{"metadata":{"annotations":{"strategic":"1"}}}"""u8.ToArray(), Patch.Strategic, Protobuf, HttpStatusCode.OK);
        var applied = Encoding.UTF8.GetBytes($$$"""{"apiVersion":"{{{kind.ApiVersion}}}","kind":"{{{kind.Kind}}}","metadata":{"name":"{{{url[(url.LastIndexOf('/') + 1)..]}}}","annotations":{"last":"1"} } }""");
        var answer = JsonNode.Parse(await SendAsync(HttpMethod.Patch, url + "?fieldManager=every", applied, Patch.Apply, Json, HttpStatusCode.OK))!;
        foreach (var key in new[] { "merge", "json", "strategic", "last" })
        {
            Assert.Equal("1", (string?)answer["metadata"]!["annotations"]![key]);
        }

        var (inJson, inProtobuf) = (await json, await protobuf);
        Assert.Equal(inJson.Select(e => e.Type), inProtobuf.Select(e => e.Type));
        // A controller may write in between.
        Assert.True(inJson.Count >= 4, $"only {inJson.Count} events");
        for (var i = 0; i < inJson.Count; i++)
        {
            Equal(inJson[i].Object, inProtobuf[i].Object);
        }
    }

    private async Task UpdatesAsync(ResourceKind kind, string url)
    {
        var body = JsonNode.Parse(await GetAsync(url, Json))!;
        body["metadata"]!["annotations"]!["put"] = "json";
        var changed = new ApiObject(await SendAsync(HttpMethod.Put, url, Bytes(body), Json, Json, HttpStatusCode.OK), kind.ClrType!);
        changed.Metadata.Annotations["put"] = "protobuf";
        var answer = ReadProtobuf(await SendAsync(HttpMethod.Put, url, ProtobufWriter.Object(new ApiObject(changed.Value)), Protobuf, Protobuf, HttpStatusCode.OK));
        Assert.Equal("protobuf", (string?)answer["metadata"]!["annotations"]!["put"]);

        // What the writer of the first version sends now comes too late.
        var late = ReadProtobuf(await SendAsync(HttpMethod.Put, url, Bytes(body), Json, Protobuf, HttpStatusCode.Conflict));
        Assert.Equal("Conflict", (string?)late["reason"]);
    }

    private async Task SubresourcesAsync(ResourceKind kind, string url)
    {
        if (kind.Subresources.Any(s => s.Name == "status" && s.Verbs.Contains("get")))
        {
            await SameAsync(kind, url + "/status");
            await SendAsync(HttpMethod.Patch, url + "/status", """{"metadata":{"annotations":{"status":"1"}}}"""u8.ToArray(), Patch.Merge, Protobuf, HttpStatusCode.OK);
            var body = new ApiObject(await GetAsync(url + "/status", Json), kind.ClrType!);
            await SendAsync(HttpMethod.Put, url + "/status", ProtobufWriter.Object(body), Protobuf, Json, HttpStatusCode.OK);
        }

        if (kind.Has("scale"))
        {
            var scale = JsonNode.Parse(await GetAsync(url + "/scale", Json))!;
            Equal(scale, ReadProtobuf(await GetAsync(url + "/scale", Protobuf)));
            Assert.Equal("Scale", (string?)scale["kind"]);
            scale["spec"]!["replicas"] = 2;
            var item = new ApiObject(Bytes(scale), typeof(k8s.Models.V1Scale));
            var answer = ReadProtobuf(await SendAsync(HttpMethod.Put, url + "/scale", ProtobufWriter.Object(item), Protobuf, Protobuf, HttpStatusCode.OK));
            Assert.Equal(2, (int?)answer["spec"]!["replicas"]);
            await SendAsync(HttpMethod.Patch, url + "/scale", """{"spec":{"replicas":0}}"""u8.ToArray(), Patch.Merge, Json, HttpStatusCode.OK);
        }
    }

    private async Task DeletesAsync(ResourceKind kind, string collection, string a, string b)
    {
        var metadata = ReadProtobuf(await GetAsync(a, Protobuf + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"));
        Assert.Equal("PartialObjectMetadata", (string?)metadata["kind"]);
        var options = Deletion((string)metadata["metadata"]!["uid"]!);
        await SendAsync(HttpMethod.Delete, a, options, Protobuf, Protobuf, HttpStatusCode.OK);
        await GoneAsync(kind, a);
        if (kind.Allows("deletecollection"))
        {
            await SendAsync(HttpMethod.Delete, $"{collection}?labelSelector=every%3Dyes", null, Json, Protobuf, HttpStatusCode.OK);
        }
        else
        {
            await SendAsync(HttpMethod.Delete, b, null, Json, Json, HttpStatusCode.OK);
        }

        await GoneAsync(kind, b);
    }

    // DeleteOptions with a precondition, in protobuf: preconditions is field 2, its uid field 1.
    private static byte[] Deletion(string uid) =>
    [
        .. "k8s\0"u8, 0x0a, 0x13, 0x0a, 0x02, .. "v1"u8, 0x12, 0x0d, .. "DeleteOptions"u8,
        0x12, (byte)(uid.Length + 4), 0x12, (byte)(uid.Length + 2), 0x0a, (byte)uid.Length, .. Encoding.ASCII.GetBytes(uid),
    ];

    // Gone, or waiting for those whose finalizers it has.
    private async Task GoneAsync(ResourceKind kind, string url)
    {
        using var response = await _admin.GetAsync(url);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return;
        }

        var left = JsonNode.Parse(await response.Content.ReadAsByteArrayAsync())!;
        Assert.True(left["metadata"]!["deletionTimestamp"] is not null, $"{kind} is still there: {left.ToJsonString()}");
        Assert.True(left["metadata"]!["finalizers"] is not null || left["spec"]?["finalizers"] is not null, $"{kind} waits for nothing: {left.ToJsonString()}");
    }

    // The server itself writes a new definition's status.
    private async Task EstablishedAsync(string url)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (JsonNode.Parse(await GetAsync(url, Json))!["status"]?["conditions"]?.AsArray().Any(c => (string?)c!["type"] == "Established" && (string?)c["status"] == "True") != true)
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private async Task SameAsync(ResourceKind kind, string url)
    {
        var json = JsonNode.Parse(await GetAsync(url, Json))!;
        var protobuf = ReadProtobuf(await GetAsync(url, Protobuf));
        Assert.Equal((kind.ApiVersion, kind.Kind), ((string?)protobuf["apiVersion"], (string?)protobuf["kind"]));
        Equal(json, protobuf);
    }

    private async Task<List<(string Type, JsonNode Object)>> WatchAsync(string url, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Accept.ParseAdd(accept);
        using var response = await _admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(accept == Json ? Json : Protobuf + ";stream=watch", response.Content.Headers.ContentType!.ToString().Replace(" ", "", StringComparison.Ordinal));
        await using var stream = await response.Content.ReadAsStreamAsync();
        using var reader = new StreamReader(stream);
        var events = new List<(string, JsonNode)>();
        while (events.Count == 0 || events[^1].Item2["metadata"]?["annotations"]?["last"] is null)
        {
            if (accept == Json)
            {
                var change = JsonNode.Parse(await reader.ReadLineAsync() ?? throw new EndOfStreamException($"the watch ended after {events.Count} events"))!;
                events.Add(((string)change["type"]!, change["object"]!));
            }
            else
            {
                var (type, item) = await WatchFrames.NextAsync(stream, default) ?? throw new EndOfStreamException($"the watch ended after {events.Count} events");
                events.Add((type, JsonNode.Parse(ProtobufReader.ToJson(item))!));
            }
        }

        return events;
    }

    private Task<byte[]> GetAsync(string url, string accept) => SendAsync(HttpMethod.Get, url, null, Json, accept, HttpStatusCode.OK);

    private async Task<byte[]> SendAsync(HttpMethod method, string url, byte[]? body, string contentType, string accept, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
        }

        using var response = await _admin.SendAsync(request);
        var answer = await response.Content.ReadAsByteArrayAsync();
        Assert.True(expected == response.StatusCode, $"{method} {url} as {contentType}: {(int)response.StatusCode} {Encoding.UTF8.GetString(answer)}");
        Assert.Equal(accept.Split(';')[0], response.Content.Headers.ContentType!.MediaType);
        return answer;
    }

    private static JsonNode ReadProtobuf(byte[] body) => JsonNode.Parse(ProtobufReader.ToJson(body))!;

    private static byte[] Bytes(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    // A Secret's stringData is written only; protobuf has it too, but as bytes are what both answer, take them at once.
    private static JsonObject Plain(ResourceKind kind, JsonObject body) => kind.Resource == "secrets" && body.Remove("stringData")
        ? new JsonObject(body.Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))) { ["data"] = new JsonObject { ["k"] = "dg==" } }
        : body;

    // Zero and nothing are the same for fields that are no pointers in Kubernetes.
    private static void Equal(JsonNode expected, JsonNode actual) => Assert.Equal(Lines(expected), Lines(actual));

    private static string Lines(JsonNode json) => string.Join('\n', Flat("", json).Order(StringComparer.Ordinal));

    private static IEnumerable<string> Flat(string path, JsonNode? json) => json switch
    {
        JsonObject fields => fields.Where(f => path.Length == 0 || f.Key is not ("apiVersion" or "kind")).SelectMany(f => Flat($"{path}.{f.Key}", f.Value)),
        JsonArray items => items.SelectMany((item, i) => Flat($"{path}[{i}]", item)),
        null => [],
        _ => json.ToJsonString() is var text && text is "0" or "\"\"" or "false" ? [] : [$"{path} = {text}"],
    };
}
