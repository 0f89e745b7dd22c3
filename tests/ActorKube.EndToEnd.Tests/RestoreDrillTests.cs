using System.Collections.Concurrent;
using System.Net;
using System.Text;
using ActorKube.EndToEnd.Tests.Infrastructure;
using ActorKube.Store.Tests;
using k8s;
using k8s.Models;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>
/// The drill: a control plane is backed up while it is written to, and then lost with everything it had. From the backup it comes back on another kind of database,
/// known to its node, its clients and its tokens, with its past; and from there it goes back to the first kind.
/// </summary>
public sealed class RestoreDrillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private const string Revisions = "jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.uid} {.metadata.resourceVersion}{\"\\n\"}{end}";

    private const string Lives = "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}{\"\\n\"}{end}";

    private const string Changes = "jsonpath={range .items[*]}{.revision} {.time} {.type} {.user} {.verb} {.manager}{\"\\n\"}{end}";

    // What nobody writes to while nothing happens. Nodes and Leases beat, pods tell how they are.
    private const string StillKinds = "deployments,replicasets,services,configmaps,secrets,serviceaccounts,namespaces";

    [SkippableFact]
    public async Task A_lost_control_plane_comes_back_from_its_backup_on_another_database()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        Skip.If(PostgreSqlCluster.Binaries is null || Environment.UserName != "root", "needs PostgreSQL and root");
        using var database = PostgreSqlCluster.Start();
        string[] onPostgreSql = ["--set", "actorkube.store.provider=postgresql", "--set", $"actorkube.store.postgresql.connection-string={database.ConnectionString}"];
        await using var cluster = await SeedCluster.CreateAsync();
        try
        {
            await cluster.StartSeedAsync();
            await cluster.StartNodeAsync("n1");
            await cluster.NodeIsAsync("n1", ready: true, Soon);
            var kubectl = await KeepKubeconfigAsync(cluster);
            await RunDeploymentAsync(kubectl);
            var token = await kubectl.OkAsync("create", "token", "default", "--duration=2h");

            var underLoad = await BackUpUnderLoadAsync(cluster, kubectl);
            var before = await StateAsync(kubectl);
            var backup = await BackUpAsync(cluster, kubectl, "quiet.akb");
            Assert.Equal(before.Still, (await StateAsync(kubectl)).Still);

            await cluster["seed"].KillAsync();
            Directory.Delete(cluster.Host.DataOf("seed"), recursive: true);
            await DamagedFilesAreRefusedAsync(cluster, backup, onPostgreSql);
            output.WriteLine((await RestoreAsync(cluster, backup, onPostgreSql)).Must());
            await cluster.StartSeedAsync(onPostgreSql);
            await IsAsBeforeAsync(cluster, kubectl, before);
            await TokenIsKnownAsync(cluster, kubectl, token);
            await kubectl.OkAsync("scale", "deployment/hello", "--replicas=3");
            await kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=90s");

            before = await StateAsync(kubectl);
            backup = await BackUpAsync(cluster, kubectl, "back.akb");
            Assert.Equal(0, await cluster["seed"].InterruptAsync());
            output.WriteLine((await RestoreAsync(cluster, backup)).Must());
            await cluster.StartSeedAsync();
            await IsAsBeforeAsync(cluster, kubectl, before);

            Assert.Equal(0, await cluster["seed"].InterruptAsync());
            await DamagedRowsAreNamedAsync(cluster, underLoad);
        }
        catch
        {
            output.WriteLine(cluster.Printed());
            throw;
        }
    }

    // The administrator's kubeconfig of the first day goes on working.
    private static async Task<Kubectl> KeepKubeconfigAsync(SeedCluster cluster)
    {
        var kept = Path.Combine(cluster.Host.Folder, "kept.conf");
        File.Copy(cluster.Kubectl.Kubeconfig, kept);
        var kubectl = cluster.Kubectl with { Kubeconfig = kept };
        Assert.Equal("ok", await kubectl.OkAsync("get", "--raw", "/readyz"));
        return kubectl;
    }

    private static async Task RunDeploymentAsync(Kubectl kubectl)
    {
        await kubectl.ApplyAsync(await File.ReadAllTextAsync(Path.Combine(Programs.Root, "docs/examples/hello.yaml")));
        await kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=90s");
        await kubectl.OkAsync("create", "secret", "generic", "drill", "--from-literal=word=first-word-of-the-drill");
        await kubectl.OkAsync("annotate", "deployment/hello", "drill=1");
        await kubectl.OkAsync("annotate", "deployment/hello", "drill=2", "--overwrite");
    }

    private async Task<string> BackUpUnderLoadAsync(SeedCluster cluster, Kubectl kubectl)
    {
        var acknowledged = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        await using var port = new PortIntoHost(cluster.Host.Namespace, new IPEndPoint(IPAddress.Loopback, 6443));
        var writers = Enumerable.Range(0, 4).Select(w => WriteAsync(w, kubectl.Kubeconfig, port.Port, acknowledged, stop.Token)).ToArray();
        await Command.EventuallyAsync(() => Task.FromResult(acknowledged.Count), n => n >= 100, Soon, "a hundred writes are acknowledged");
        var known = acknowledged.ToArray();
        var backup = await BackUpAsync(cluster, kubectl, "under-load.akb");
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        // What was acknowledged before is in it.
        var look = cluster.Host.DataOf("look");
        (await RestoreAsync(cluster, backup, "--data-dir", look)).Must();
        var journal = Encoding.UTF8.GetString(await File.ReadAllBytesAsync(Path.Combine(look, "store", "journal.db")));
        Assert.All(known, id => Assert.Contains($"\"id\":\"{id}\"", journal));
        output.WriteLine($"{known.Length} writes were acknowledged before the backup began, {acknowledged.Count} when it was there");
        return backup;
    }

    private static async Task WriteAsync(int writer, string kubeconfig, int port, ConcurrentQueue<string> acknowledged, CancellationToken stop)
    {
        using var client = ClientTests.CSharpClient(kubeconfig, port);
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var map = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = $"written-{writer}-{i}" }, Data = new Dictionary<string, string> { ["id"] = $"w{writer}-{i}-end" } };
            await client.CoreV1.CreateNamespacedConfigMapAsync(map, "default", cancellationToken: CancellationToken.None);
            acknowledged.Enqueue($"w{writer}-{i}-end");
        }
    }

    private static async Task<string> BackUpAsync(SeedCluster cluster, Kubectl kubectl, string name)
    {
        var file = Path.Combine(cluster.Host.Folder, name);
        Assert.Contains("whole and undamaged", (await cluster.Host.RunAsync(Programs.Akctl, ["--kubeconfig", kubectl.Kubeconfig, "backup", file, "--with-keys"])).Must());
        Assert.Contains("keys: ca.crt, ca.key, sa.key, sa.pub, tokens.csv", (await cluster.Host.RunAsync(Programs.Akctl, ["backup", "verify", file])).Must());
        Assert.Equal("600", (await cluster.Host.RunAsync("stat", ["-c", "%a", file])).Must().Trim());
        return file;
    }

    private static Task<Output> RestoreAsync(SeedCluster cluster, string backup, params string[] more) => cluster.Host.RunAsync(
        Programs.Actorkube, ["restore", backup, "--config", Path.Combine(Programs.Root, "config/seed.conf"), .. more.Contains("--data-dir") ? more : ["--data-dir", cluster.Host.DataOf("seed"), .. more]]);

    private static async Task DamagedFilesAreRefusedAsync(SeedCluster cluster, string backup, string[] where)
    {
        var damaged = Path.Combine(cluster.Host.Folder, "damaged.akb");
        var bytes = await File.ReadAllBytesAsync(backup);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(damaged, bytes);
        foreach (var refused in new[] { await RestoreAsync(cluster, damaged, where), await RestoreAsync(cluster, damaged, [.. where, "--verify-only"]), await cluster.Host.RunAsync(Programs.Akctl, ["backup", "verify", damaged]) })
        {
            Assert.Equal(1, refused.ExitCode);
            Assert.Matches("^(actorkube|error): .*damaged.akb: the backup is damaged: [^\n]*\n$", refused.Error);
        }
    }

    private static async Task<(string Still, string Pods, string History)> StateAsync(Kubectl kubectl)
    {
        // The controllers may have had something left to do.
        var still = "";
        await Command.EventuallyAsync(async () => (Before: still, Now: still = await kubectl.OkAsync("get", StillKinds, "-A", "-o", Revisions)), seen => seen.Before == seen.Now, Soon, "nothing happens any more");
        return (still, await kubectl.OkAsync("get", "pods", "-l", "app=hello", "-o", Lives), await HistoryAsync(kubectl));
    }

    private static Task<string> HistoryAsync(Kubectl kubectl) => kubectl.OkAsync("get", "changes", "--field-selector", "resource=deployments.apps,name=hello", "-o", Changes);

    private static async Task IsAsBeforeAsync(SeedCluster cluster, Kubectl kubectl, (string Still, string Pods, string History) before)
    {
        Assert.Equal(before.Still, await kubectl.OkAsync("get", StillKinds, "-A", "-o", Revisions));
        Assert.StartsWith(before.History, await HistoryAsync(kubectl));
        Assert.Contains("annotate", (await cluster.Host.RunAsync(Programs.Akctl, ["--kubeconfig", kubectl.Kubeconfig, "history", "deployment/hello"])).Must());
        // An object of the past: as it was after its first annotation.
        var first = before.History.Split('\n').Select(line => line.Split(' ')).First(words => words.Contains("kubectl-annotate"))[0];
        Assert.Equal("1", await AnnotationAtAsync(cluster, kubectl, first));
        await cluster.NodeIsAsync("n1", ready: true, Soon);
        Assert.Equal(before.Pods, await kubectl.OkAsync("get", "pods", "-l", "app=hello", "-o", Lives));
        await kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=90s");
    }

    private static async Task<string> AnnotationAtAsync(SeedCluster cluster, Kubectl kubectl, string revision) => (await cluster.Host.RunAsync(
        Programs.Akctl, ["--kubeconfig", kubectl.Kubeconfig, "get", "deployment", "hello", "--at-revision", revision, "-o", "jsonpath={.metadata.annotations.drill}"])).Must().Trim();

    private static async Task TokenIsKnownAsync(SeedCluster cluster, Kubectl kubectl, string token)
    {
        var bare = Path.Combine(cluster.Host.Folder, "bare.conf");
        await File.WriteAllTextAsync(bare, "");
        var who = await cluster.Host.RunAsync("kubectl",
            ["--kubeconfig", bare, "--server", await kubectl.OkAsync("config", "view", "-o", "jsonpath={.clusters[0].cluster.server}"), "--insecure-skip-tls-verify", "--token", token, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
        Assert.Equal("system:serviceaccount:default:default", who.Must());
    }

    private async Task DamagedRowsAreNamedAsync(SeedCluster cluster, string backup)
    {
        Directory.Delete(Path.Combine(cluster.Host.DataOf("seed"), "store"), recursive: true);
        (await RestoreAsync(cluster, backup)).Must();
        var journal = Path.Combine(cluster.Host.DataOf("seed"), "store", "journal.db");
        var bytes = await File.ReadAllBytesAsync(journal);
        var place = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.ASCII.GetBytes("first-word-of-the-drill"))));
        Assert.True(place > 0);
        bytes[place] ^= 1;
        await File.WriteAllBytesAsync(journal, bytes);
        await cluster.BeginSeedAsync();
        Assert.Equal(1, await cluster["seed"].EndsAsync(Soon));
        var told = await cluster["seed"].PrintsAsync("actorkube: the store is damaged: event ");
        output.WriteLine(told);
        Assert.Contains($" of secrets in {journal} is damaged: its content does not have its checksum", told);
        Assert.Contains("actorkube restore", told);
        var check = await cluster.Host.RunAsync(Programs.Actorkube, ["check", "--data-dir", cluster.Host.DataOf("seed")]);
        Assert.Equal(1, check.ExitCode);
        Assert.Contains($" of secrets in {journal} is damaged: ", check.Out);
    }
}
