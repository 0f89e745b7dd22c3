using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>kubectl's commands that scripts and people rely on, with every kubectl that lies on the machine: what each prints, and how each ends.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class KubectlCommandTests(SharedCluster shared, ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private static readonly string[] Explained = ["pods", "deployments", "services", "nodes", "configmaps", "jobs", "cronjobs", "ingresses", "persistentvolumes", "customresourcedefinitions"];

    [SkippableFact]
    public async Task Every_kubectl_finds_what_it_expects()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        // All at once: each is a client of its own in a namespace of its own, and most of a kubectl's time is waiting.
        var runs = Programs.Kubectls.Select(async program =>
        {
            await using var space = await shared.NamespaceAsync(program);
            await (await Work.OfAsync(shared, space)).RunAsync();
            return program;
        }).ToList();
        foreach (var program in await Task.WhenAll(runs))
            output.WriteLine($"{program}: as expected");
    }

    private sealed record Work(SharedCluster Shared, Kubectl Kubectl, int Minor)
    {
        private const string Map = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"app":"x"}},"data":{"k":"v1"}}""";
        private static readonly string Changed = Map.Replace("v1\"}}", "v2\"}}", StringComparison.Ordinal);

        public static async Task<Work> OfAsync(SharedCluster shared, TestNamespace space)
        {
            var client = JsonNode.Parse(await space.Kubectl.OkAsync("version", "--client", "-o", "json"))!["clientVersion"]!;
            return new Work(shared, space.Kubectl, int.Parse(Regex.Match((string)client["minor"]!, @"\d+").Value, System.Globalization.CultureInfo.InvariantCulture));
        }

        public async Task RunAsync()
        {
            await Kubectl.UntilAsync(o => o == "serviceaccount/default", Soon, "get", "serviceaccount", "default", "-o", "name");
            await Kubectl.OkAsync("run", "p", "--image=actorkube.io/hello:1", "--labels=app=p");
            await DiscoversAsync();
            await AppliesAsync();
            await AppliesOnTheServerAsync();
            await ChangesAsync();
            await AsksWhoItIsAsync();
            await GetsACertificateAsync();
            await LooksAtPodsAsync();
            await ProxiesAsync();
        }

        private async Task DiscoversAsync()
        {
            await PrintsAsync(@"(?m)^deployments +deploy +apps/v1 +true +Deployment$", "api-resources");
            await PrintsAsync(@"(?m)^apps/v1$", "api-versions");
            foreach (var kind in Explained)
                await PrintsAsync(@"(?m)^FIELDS:$", "explain", kind, "--recursive");
            await FailsAsync("couldn't find resource|doesn't have a resource type", "explain", "nothings");
            await PrintsAsync("^ok$", "get", "--raw", "/healthz");
            await FailsAsync("NotFound", "get", "--raw", "/nothing");
        }

        private async Task AppliesAsync()
        {
            Assert.Equal("configmap/a created", await Kubectl.ApplyAsync(Map));
            Assert.Equal("configmap/a unchanged", await Kubectl.ApplyAsync(Map));
            Assert.Equal(0, (await WithInputAsync(Map, "diff", "-f", "-")).ExitCode);
            var difference = await WithInputAsync(Changed, "diff", "-f", "-");
            Assert.Equal(1, difference.ExitCode);
            Assert.Matches(@"(?m)^\+ +k: v2$", difference.Out);
            Assert.Equal("configmap/a configured (server dry run)", await Kubectl.OkWithInputAsync(Changed, "apply", "-f", "-", "--dry-run=server"));
            Assert.Equal("configmap/a configured", await Kubectl.ApplyAsync(Changed));
        }

        private async Task AppliesOnTheServerAsync()
        {
            var (mine, theirs) = (Map.Replace("\"a\"", "\"s\"", StringComparison.Ordinal), Changed.Replace("\"a\"", "\"s\"", StringComparison.Ordinal));
            Assert.Equal("configmap/s serverside-applied", await Kubectl.OkWithInputAsync(mine, "apply", "--server-side", "-f", "-"));
            var conflict = await WithInputAsync(theirs, "apply", "--server-side", "--field-manager=other", "-f", "-");
            Assert.Equal(1, conflict.ExitCode);
            Assert.Contains("Apply failed with 1 conflict: conflict with \"kubectl\": .data.k", conflict.Error);
            Assert.Equal("configmap/s serverside-applied", await Kubectl.OkWithInputAsync(theirs, "apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"));
            await PrintsAsync("other", "get", "configmap", "s", "--show-managed-fields", "-o", "jsonpath={.metadata.managedFields[*].manager}");
        }

        private async Task ChangesAsync()
        {
            Assert.Equal("configmap/a edited", (await EditAsync("s/k: v2/k: edited/", "edit", "configmap", "a")).Must().TrimEnd('\n'));
            await PrintsAsync("^edited$", "get", "configmap", "a", "-o", "jsonpath={.data.k}");
            var unchanged = await EditAsync("s/none/none/", "edit", "configmap", "a");
            Assert.Contains("no changes made", unchanged.Out + unchanged.Error);
            await PrintsAsync("^configmap/a patched$", "patch", "configmap", "a", "-p", """{"data":{"p":"1"}}""");
            await PrintsAsync("^configmap/a patched$", "patch", "configmap", "a", "--type=merge", "-p", """{"data":{"q":"1"}}""");
            await PrintsAsync("^configmap/a patched$", "patch", "configmap", "a", "--type=json", "-p", """[{"op":"add","path":"/data/r","value":"1"}]""");
            await PrintsAsync(@"^configmap/a patched \(no change\)$", "patch", "configmap", "a", "--type=merge", "-p", """{"data":{"q":"1"}}""");
            await PrintsAsync("^configmap/a labeled$", "label", "configmap", "a", "x=y");
            await FailsAsync("already has a value", "label", "configmap", "a", "x=z");
            await PrintsAsync("^configmap/a unlabeled$", "label", "configmap", "a", "x-");
            await PrintsAsync("^configmap/a annotated?$", "annotate", "configmap", "a", "n=1");
            Assert.Matches("deleted.*\nconfigmap/a replaced$", await Kubectl.OkWithInputAsync(Map, "replace", "--force", "-f", "-"));
        }

        private async Task AsksWhoItIsAsync()
        {
            await PrintsAsync(@"(?m)^\*\.\* +\[\] +\[\] +\[\*\]", "auth", "can-i", "--list");
            await PrintsAsync("^yes$", "auth", "can-i", "create", "pods");
            Assert.Equal(1, (await Kubectl.RunAsync("auth", "can-i", "create", "pods", "--as=nobody")).ExitCode);
            // The kubectl of 1.27 asks for v1beta1 and v1alpha1 of a review that a server of these days has in v1 alone.
            if (Minor > 27)
                await PrintsAsync("system:masters", "auth", "whoami");
            else
                await FailsAsync("the selfsubjectreviews API is not enabled in the cluster", "auth", "whoami");
            await PrintsAsync(@"^eyJ[^.]+\.[^.]+\.[^.]+$", "create", "token", "default", "--duration=1h", "--audience=x");
        }

        private async Task GetsACertificateAsync()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var pem = new CertificateRequest($"CN={Kubectl.Namespace}", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
            var request = new JsonObject
            {
                ["apiVersion"] = "certificates.k8s.io/v1",
                ["kind"] = "CertificateSigningRequest",
                ["metadata"] = new JsonObject { ["name"] = Kubectl.Namespace },
                ["spec"] = new JsonObject
                {
                    ["request"] = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(pem)), ["signerName"] = "kubernetes.io/kube-apiserver-client", ["usages"] = new JsonArray("client auth"),
                },
            };
            await Kubectl.OkWithInputAsync(request.ToJsonString(), "create", "-f", "-");
            await PrintsAsync("kubernetes.io/kube-apiserver-client .*Pending", "get", "csr", Kubectl.Namespace);
            await PrintsAsync($"^certificatesigningrequest.certificates.k8s.io/{Kubectl.Namespace} approved$", "certificate", "approve", Kubectl.Namespace);
            await Kubectl.UntilAsync(o => o.Contains("Approved,Issued", StringComparison.Ordinal), Soon, "get", "csr", Kubectl.Namespace);
            await Kubectl.OkAsync("delete", "csr", Kubectl.Namespace);
        }

        private async Task LooksAtPodsAsync()
        {
            await PrintsAsync("^pod/p condition met$", "wait", "pod/p", "--for=condition=Ready", "--timeout=120s");
            foreach (var (format, expected) in new[]
            {
                ("json", "\"name\": \"p\""), ("yaml", "name: p"), ("name", "^pod/p$"), ("wide", @"p +1/1 +Running"), ("jsonpath={.items[*].metadata.name}", "^p$"),
                ("custom-columns=N:.metadata.name,P:.status.phase", @"^N +P\np +Running$"), ("go-template={{range .items}}{{.metadata.name}}{{end}}", "^p$"), ("jsonpath-as-json={.items[*].metadata.name}", "\"p\""),
            })
            {
                await PrintsAsync(expected, "get", "pods", "-o", format);
            }

            await PrintsAsync("^p +1/1 +Running .*app=p$", "get", "pods", "--show-labels", "--no-headers");
            await Kubectl.UntilAsync(o => Regex.IsMatch(o, @"Normal +Scheduled +Pod/p"), Soon, "events");
            await PrintsAsync("\"kind\": \"PodList\"", "cluster-info", "dump", "--namespaces", Kubectl.Namespace);
            // The server is asked to try only: the pod must not notice.
            await Kubectl.OkAsync("delete", "pod", "p", "--dry-run=server");
            await PrintsAsync("^$", "get", "pod", "p", "-o", "jsonpath={.metadata.deletionTimestamp}");
        }

        private async Task ProxiesAsync()
        {
            await using var proxy = Kubectl.Start($"proxy-{Kubectl.Namespace}", "proxy", "--port=0");
            var printed = await proxy.PrintsAsync("Starting to serve on 127.0.0.1:", Soon);
            printed = printed.Contains('\n') ? printed : await Command.EventuallyAsync(() => Task.FromResult(proxy.Printed), p => p.Contains('\n'), Soon);
            var port = Regex.Match(printed, @"127\.0\.0\.1:(\d+)").Groups[1].Value;
            Assert.Contains("\"kind\":\"ConfigMap\"", (await Shared.Cluster.GetAsync($"http://127.0.0.1:{port}/api/v1/namespaces/{Kubectl.Namespace}/configmaps/a"))!.Replace("\": \"", "\":\"", StringComparison.Ordinal));
        }

        private Task<Output> WithInputAsync(string input, params string[] arguments) => Kubectl.Host.RunAsync(Kubectl.Program, [.. Kubectl.Common, .. arguments], input);

        // An editor for machines.
        private Task<Output> EditAsync(string script, params string[] arguments) => Kubectl.Host.RunAsync("env", [$"EDITOR=sed -i -e '{script}'", Kubectl.Program, .. Kubectl.Common, .. arguments]);

        private async Task PrintsAsync(string pattern, params string[] arguments)
        {
            var printed = await Kubectl.OkAsync(arguments);
            Assert.True(Regex.IsMatch(printed, pattern), $"1.{Minor}: kubectl {string.Join(' ', arguments)} did not print /{pattern}/:\n{printed}");
        }

        private async Task FailsAsync(string pattern, params string[] arguments)
        {
            var result = await Kubectl.RunAsync(arguments);
            Assert.True(result.ExitCode != 0 && Regex.IsMatch(result.Error, pattern), $"1.{Minor}: kubectl {string.Join(' ', arguments)} did not fail with /{pattern}/: {result.ExitCode}\n{result.Out}\n{result.Error}");
        }
    }
}
