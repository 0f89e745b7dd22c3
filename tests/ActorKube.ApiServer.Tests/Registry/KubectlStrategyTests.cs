using System.Text;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Tests.Api;

namespace ActorKube.ApiServer.Tests.Registry;

/// <summary>What a user of kubectl sees of the strategies.</summary>
public sealed class KubectlStrategyTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - {name: web, image: 'web:1', ports: [{containerPort: 80}], resources: {requests: {cpu: 500m}}}
        """;

    private async Task<string> KubectlAsync(string arguments, string? input = null, int expected = 0)
    {
        var (code, output) = await server.KubectlAsync(arguments, input);
        Assert.True(code == expected, $"kubectl {arguments} ended with {code}:\n{output}");
        return output;
    }

    [Fact]
    public async Task Applies_patches_scales_and_prints_a_deployment()
    {
        Assert.Contains("deployment.apps/web created", await KubectlAsync("apply --validate=false -f -", Deployment));
        Assert.Contains("deployment.apps/web unchanged", await KubectlAsync("apply --validate=false -f -", Deployment));
        Assert.Contains("configured", await KubectlAsync("apply --validate=false -f -", Deployment.Replace("web:1", "web:2")));
        Assert.Equal("web:2 500m 25% 600 2", await KubectlAsync("get deployment web -o jsonpath=\"{.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].resources.requests.cpu} {.spec.strategy.rollingUpdate.maxSurge} {.spec.progressDeadlineSeconds} {.metadata.generation}\""));
        await KubectlAsync("set image deployment/web web=web:3");
        await KubectlAsync("scale deployment/web --replicas=4");
        await KubectlAsync("""patch deployment web --type=json -p [{\"op\":\"add\",\"path\":\"/spec/template/spec/containers/0/args\",\"value\":[\"x\"]}]""");
        var row = await KubectlAsync("get deployment web -o wide --no-headers");
        Assert.Matches(@"^web\s+0/4\s+0\s+0\s+\d+s\s+web\s+web:3\s+app=web", row);
        Assert.Matches(@"NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE", await KubectlAsync("get deployments"));
    }

    [Fact]
    public async Task Refuses_unknown_fields_wrong_types_and_wrong_values_as_Kubernetes_does()
    {
        Assert.Contains(
            "strict decoding error: unknown field \"spec.template.spec.containers[0].imagex\"",
            await KubectlAsync(
                "create --raw /apis/apps/v1/namespaces/default/deployments?fieldValidation=Strict -f -",
                Encoding.UTF8.GetString(YamlJson.Convert(Encoding.UTF8.GetBytes(Deployment.Replace("image:", "imagex: a, image:").Replace("name: web, labels", "name: bad, labels")))),
                1));
        Assert.Contains(
            "Deployment in version \"v1\" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
            await KubectlAsync("create --validate=false -f -", Deployment.Replace("replicas: 2", "replicas: two").Replace("name: web, labels", "name: bad, labels"), 1));
        Assert.Contains(
            "The Deployment \"bad\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            await KubectlAsync("create --validate=false -f -", Deployment.Replace("replicas: 2", "replicas: -1").Replace("name: web, labels", "name: bad, labels"), 1));
        Assert.Contains("a lowercase RFC 1123 subdomain must consist of", await KubectlAsync("create --validate=false -f -", Deployment.Replace("name: web, labels", "name: Bad_Name, labels"), 1));
        Assert.Contains("not found", await KubectlAsync("get deployment bad", null, 1));
    }

    [Fact]
    public async Task Prints_a_service_with_its_address()
    {
        await KubectlAsync("create --validate=false -f -", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}");
        Assert.Matches(@"^web\s+NodePort\s+\d+\.\d+\.\d+\.\d+\s+<none>\s+80:\d+/TCP\s+\d+s\s+app=web", await KubectlAsync("get service web -o wide --no-headers"));
        var refused = await KubectlAsync("""patch service web -p {\"spec\":{\"clusterIP\":\"10.96.200.9\",\"clusterIPs\":[\"10.96.200.9\"]}}""", null, 1);
        Assert.True(refused.Contains("may not change once set"), refused);
    }
}
