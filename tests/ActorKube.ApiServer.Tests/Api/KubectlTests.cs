namespace ActorKube.ApiServer.Tests.Api;

/// <summary>What people do with kubectl, against a whole server.</summary>
public sealed class KubectlTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, labels: {app: web}}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: c, image: "nginx:1", ports: [{containerPort: 80}], resources: {requests: {cpu: 500m}}}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
        """;

    private async Task<string> RunAsync(string arguments, string? input = null)
    {
        var (code, output) = await server.KubectlAsync(arguments, input);
        Assert.True(code == 0, $"kubectl {arguments}: {output}");
        return output;
    }

    private async Task<string> FailAsync(string arguments, string? input = null)
    {
        var (code, output) = await server.KubectlAsync(arguments, input);
        Assert.True(code != 0, $"kubectl {arguments}: {output}");
        return output;
    }

    [Fact]
    public async Task Every_cluster_has_its_namespaces_and_the_service_kubernetes()
    {
        Assert.Matches("default .*Active(.|\n)*kube-node-lease(.|\n)*kube-public(.|\n)*kube-system", await RunAsync("get namespaces"));
        Assert.Matches("kubernetes +ClusterIP +10.96.0.1 +<none> +443/TCP", await RunAsync("get service kubernetes"));
    }

    [Fact]
    public async Task Applies_changes_and_deletes()
    {
        var ns = await server.NamespaceAsync();
        Assert.Contains("deployment.apps/web created", await RunAsync($"-n {ns} apply -f -", Web));
        Assert.Contains("service/web unchanged", await RunAsync($"-n {ns} apply -f -", Web));
        Assert.Matches("web +0/3 +0 +0 ", await RunAsync($"-n {ns} get deployments"));
        Assert.Matches("web +NodePort +10.96.[0-9.]+ +<none> +80:3[0-9]+/TCP", await RunAsync($"-n {ns} get service web"));
        Assert.Contains("scaled", await RunAsync($"-n {ns} scale deployment web --replicas=5"));
        Assert.Contains("image updated", await RunAsync($"-n {ns} set image deployment/web c=nginx:2"));
        Assert.Equal("3 5 nginx:2", await RunAsync($"-n {ns} get deployment web -o jsonpath={{.metadata.generation}}{{'\\u0020'}}{{.spec.replicas}}{{'\\u0020'}}{{.spec.template.spec.containers[0].image}}".Replace("{'\\u0020'}", "\"{' '}\"", StringComparison.Ordinal)));
        Assert.Contains("-  replicas: 5\n+  replicas: 3", await FailAsync($"-n {ns} diff -f -", Web));
        Assert.Contains("labeled", await RunAsync($"-n {ns} label deployment web a=b"));
        Assert.Contains("annotated", await RunAsync($"-n {ns} annotate deployment web a=b"));
        Assert.Contains("patched", await RunAsync($"-n {ns} patch deployment web --type=json -p [{{\"op\":\"remove\",\"path\":\"/metadata/labels/a\"}}]".Replace("\"", "\\\"", StringComparison.Ordinal)));
        Assert.Equal("", await RunAsync($"-n {ns} get deployment -l a=b -o name"));
        Assert.Contains("web", await RunAsync($"-n {ns} describe deployment web"));
        Assert.Contains("deleted", await RunAsync($"-n {ns} delete -f -", Web));
        Assert.Contains("(NotFound)", await FailAsync($"-n {ns} get deployment web"));
    }

    [SkippableTheory]
    [InlineData("1.27")]
    [InlineData("1.28")]
    [InlineData("1.29")]
    [InlineData("1.30")]
    [InlineData("1.31")]
    [InlineData("1.33")]
    public async Task Older_and_newer_versions_apply_as_well(string version)
    {
        var program = (File.ResolveLinkTarget("/usr/bin/kubectl", true)?.FullName ?? "/usr/bin/kubectl") + "." + version;
        Skip.IfNot(File.Exists(program), $"{program} is not there");
        var ns = await server.NamespaceAsync();
        foreach (var (arguments, input, expected) in new[]
        {
            ("apply -f -", Web, "deployment.apps/web created"),
            ("apply -f -", Web, "unchanged"),
            ("explain deployment.spec.strategy", null, "rollingUpdate"),
            ("get deployments", null, "0/3"),
            ("delete -f -", Web, "service \"web\" deleted"),
        })
        {
            var (code, output) = await server.KubectlAsync($"-n {ns} {arguments}", input, program);
            Assert.True(code == 0, output);
            Assert.Contains(expected, output);
        }
    }

    [Fact]
    public async Task Creates_by_its_own_commands_which_send_protobuf()
    {
        var ns = await server.NamespaceAsync();
        await RunAsync($"-n {ns} create configmap a --from-literal=k=v");
        await RunAsync($"-n {ns} create secret generic s --from-literal=k=v");
        await RunAsync($"-n {ns} create deployment d --image=nginx --replicas=0");
        await RunAsync($"-n {ns} create service nodeport p --tcp=80:8080");
        await RunAsync($"-n {ns} create role r --verb=get --resource=pods");
        await RunAsync($"-n {ns} create ingress i --rule=foo.com/bar*=svc1:8080");
        await RunAsync($"-n {ns} run x --image=nginx");
        Assert.Equal("v", await RunAsync($"-n {ns} get configmap a -o jsonpath={{.data.k}}"));
        Assert.Equal("dg==", await RunAsync($"-n {ns} get secret s -o jsonpath={{.data.k}}"));
        Assert.Equal("0", await RunAsync($"-n {ns} get deployment d -o jsonpath={{.spec.replicas}}"));
        Assert.Equal("8080", await RunAsync($"-n {ns} get service p -o jsonpath={{.spec.ports[0].targetPort}}"));
        Assert.Equal("Prefix", await RunAsync($"-n {ns} get ingress i -o jsonpath={{.spec.rules[0].http.paths[0].pathType}}"));
    }

    [Fact]
    public async Task Changes_the_parts_of_a_pod_that_have_urls_of_their_own()
    {
        var ns = await server.NamespaceAsync();
        // With a request already: resizing must not make another class of service of it.
        await RunAsync($"-n {ns} apply -f -", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"p","image":"nginx","resources":{"requests":{"cpu":"100m"}}}]}}""");
        await RunAsync($"-n {ns} debug p --image=busybox --container=dbg");
        await RunAsync($"-n {ns} patch pod p --subresource resize -p {{\\\"spec\\\":{{\\\"containers\\\":[{{\\\"name\\\":\\\"p\\\",\\\"image\\\":\\\"other\\\",\\\"resources\\\":{{\\\"requests\\\":{{\\\"cpu\\\":\\\"200m\\\"}}}}}}]}}}}");
        Assert.Equal("dbg 200m nginx 3", await RunAsync($"-n {ns} get pod p -o jsonpath=\"{{.spec.ephemeralContainers[0].name}} {{.spec.containers[0].resources.requests.cpu}} {{.spec.containers[0].image}} {{.metadata.generation}}\""));
    }

    [Fact]
    public async Task Evicts_a_pod_unless_a_budget_forbids_it()
    {
        const string eviction = """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}}""";
        var ns = await server.NamespaceAsync();
        await RunAsync($"-n {ns} run p --image=nginx");
        await RunAsync($"-n {ns} patch pod p --subresource status --type merge -p {{\\\"status\\\":{{\\\"phase\\\":\\\"Running\\\"}}}}");
        await RunAsync($"-n {ns} create pdb b --selector=run=p --min-available=1");
        var path = $"/api/v1/namespaces/{ns}/pods/p/eviction";
        Assert.Contains("Cannot evict pod as it would violate the pod's disruption budget.", await FailAsync($"create --raw {path} -f -", eviction));
        await RunAsync($"-n {ns} delete pdb b");
        await RunAsync($"create --raw {path} -f -", """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"},"deleteOptions":{"dryRun":["All"]}}""");
        Assert.Equal("", await RunAsync($"-n {ns} get pod p -o jsonpath={{.metadata.deletionTimestamp}}"));
        await RunAsync($"create --raw {path} -f -", eviction);
        Assert.Contains("(NotFound)", await FailAsync($"-n {ns} get pod p"));
    }

    [Fact]
    public async Task Says_what_is_wrong()
    {
        Assert.Contains("strict decoding error: unknown field \"foo\"", await FailAsync("apply -f -", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"foo":1}"""));
        Assert.Contains("Warning: unknown field \"foo\"", await RunAsync("apply --validate=warn -f -", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"warned"},"foo":1}"""));
        Assert.Contains("The ConfigMap \"X_\" is invalid: metadata.name: Invalid value: \"X_\": a lowercase RFC 1123 subdomain", await FailAsync("apply -f -", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"X_"}}"""));
        Assert.Contains("namespaces \"nowhere\" not found", await FailAsync("-n nowhere create configmap a"));
        Assert.Contains("this namespace may not be deleted", await FailAsync("delete namespace default"));
        Assert.Contains("(AlreadyExists): namespaces \"default\" already exists", await FailAsync("create namespace default"));
    }

    [Fact]
    public async Task Explains_discovers_and_knows_who_is_asking()
    {
        Assert.Contains("List of containers belonging to the pod", await RunAsync("explain pod.spec.containers"));
        Assert.Matches("deployments +deploy +apps/v1 +true +Deployment", await RunAsync("api-resources"));
        Assert.Contains("kubernetes-admin", await RunAsync("auth whoami"));
        Assert.StartsWith("yes", await RunAsync("auth can-i delete nodes"), StringComparison.Ordinal);
        Assert.Matches(@"\*\.\* +\[\] +\[\] +\[\*\]", await RunAsync("auth can-i --list"));
        Assert.Matches("etcd-0 +Healthy +ok", await RunAsync("get componentstatuses"));
        Assert.Contains("Server Version: v1.36.0", await RunAsync("version"));
        Assert.Contains("readyz check passed", await RunAsync("get --raw /readyz?verbose"));
        Assert.Contains("apiserver_request_total", await RunAsync("get --raw /metrics"));
    }

    [Fact]
    public async Task Waits_for_a_deletion_that_a_finalizer_holds()
    {
        var ns = await server.NamespaceAsync();
        await RunAsync($"-n {ns} apply -f -", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"held","finalizers":["example.com/hold"]}}""");
        await RunAsync($"-n {ns} delete configmap held --wait=false");
        Assert.NotEqual("", await RunAsync($"-n {ns} get configmap held -o jsonpath={{.metadata.deletionTimestamp}}"));
        var waiting = server.KubectlAsync($"-n {ns} wait --for=delete configmap/held --timeout=30s");
        await RunAsync($"-n {ns} patch configmap held --type=merge -p {{\\\"metadata\\\":{{\\\"finalizers\\\":null}}}}");
        var (code, output) = await waiting;
        Assert.True(code == 0, output);
        Assert.Contains("(NotFound)", await FailAsync($"-n {ns} get configmap held"));
    }
}
