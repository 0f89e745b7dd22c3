using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>What a pod's specification promises, seen from inside real containers.</summary>
[Collection(SharedClusterTests.Name)]
public sealed class PodTests(SharedCluster shared, ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task Commands_run_in_a_container_with_input_exit_code_terminal_and_files()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.ApplyAsync(Pod("box", """command: ["sleep", "1000"]"""));
        await kubectl.OkAsync("wait", "pod/box", "--for=condition=Ready", "--timeout=30s");

        Assert.Equal("hello world", await kubectl.OkAsync("exec", "box", "--", "echo", "hello", "world"));
        Assert.Equal(7, (await kubectl.RunAsync("exec", "box", "--", "sh", "-c", "echo out; echo err >&2; exit 7")).ExitCode);
        var both = await kubectl.RunAsync("exec", "box", "--", "sh", "-c", "echo out; echo err >&2; exit 7");
        Assert.Equal("out\n", both.Out);
        Assert.Equal("err\ncommand terminated with exit code 7\n", both.Error);
        Assert.NotEqual(0, (await kubectl.RunAsync("exec", "box", "--", "no-such-program")).ExitCode);
        Assert.Equal("HELLO", (await kubectl.OkWithInputAsync("hello", "exec", "-i", "box", "--", "sh", "-c", "read x || true; [ $x = hello ] && echo HELLO")).Trim());
        var large = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"line {i}\n"));
        Assert.Equal(large.TrimEnd('\n'), await kubectl.OkWithInputAsync(large, "exec", "-i", "box", "--", "cat"));

        // `script` gives kubectl a terminal: it asks for one in the container, of the same size, and echoes what is typed.
        var terminal = await kubectl.Host.RunAsync("script", ["-qec", $"stty rows 41 cols 123; kubectl {string.Join(' ', kubectl.Common)} exec -it box -- sh -c 'tty; s=; while [ -z \"$s\" ] || [ \"$s\" = \"0 0\" ]; do sleep 0.1; s=$(stty size 2>/dev/null); done; echo $s; read line; echo got $line'", "/dev/null"], "typed\n");
        output.WriteLine(terminal.Out);
        Assert.Contains("/dev/pts/0", terminal.Out);
        Assert.Contains("41 123", terminal.Out);
        Assert.Contains("got typed", terminal.Out);

        var file = Path.Combine(kubectl.Host.Folder, "to-copy.txt");
        await File.WriteAllTextAsync(file, large);
        await kubectl.OkAsync("cp", file, "box:/tmp/copied.txt");
        await kubectl.OkAsync("cp", "box:/tmp/copied.txt", file + ".back");
        Assert.Equal(large, await File.ReadAllTextAsync(file + ".back"));

        // Through akctl as well.
        var akctl = await kubectl.Host.RunAsync(Programs.Akctl, ["--kubeconfig", kubectl.Kubeconfig, "-n", space.Name, "exec", "box", "--", "sh", "-c", "echo from akctl; exit 3"]);
        Assert.Equal((3, "from akctl\n"), (akctl.ExitCode, akctl.Out));
    }

    [SkippableFact]
    public async Task Configuration_reaches_environment_and_files_and_files_follow_changes()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.ApplyAsync("""
            apiVersion: v1
            kind: ConfigMap
            metadata: { name: settings }
            data: { color: blue, size: "3" }
            ---
            apiVersion: v1
            kind: Secret
            metadata: { name: keys }
            stringData: { password: s3cret }
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: reader, labels: { app: reader }, annotations: { note: hi } }
            spec:
              terminationGracePeriodSeconds: 0
              initContainers:
              - name: first
                image: actorkube.test/busybox:1
                command: [sh, -c, "echo first > /shared/order"]
                volumeMounts: [{ name: shared, mountPath: /shared }]
              - name: second
                image: actorkube.test/busybox:1
                command: [sh, -c, "echo second >> /shared/order"]
                volumeMounts: [{ name: shared, mountPath: /shared }]
              containers:
              - name: main
                image: actorkube.test/busybox:1
                command: [sleep, "1000"]
                envFrom: [{ configMapRef: { name: settings }, prefix: SET_ }]
                env:
                - { name: PASSWORD, valueFrom: { secretKeyRef: { name: keys, key: password } } }
                - { name: ME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
                - { name: MY_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
                - { name: GREETING, value: "I am $(ME)" }
                - { name: LIMIT, valueFrom: { resourceFieldRef: { resource: limits.memory } } }
                resources: { limits: { memory: 64Mi } }
                volumeMounts:
                - { name: settings, mountPath: /settings }
                - { name: keys, mountPath: /keys, readOnly: true }
                - { name: about, mountPath: /about }
                - { name: shared, mountPath: /shared }
                - { name: all, mountPath: /all }
                - { name: settings, mountPath: /one-file, subPath: color }
              volumes:
              - { name: settings, configMap: { name: settings } }
              - { name: keys, secret: { secretName: keys, defaultMode: 0400 } }
              - name: about
                downwardAPI: { items: [{ path: labels, fieldRef: { fieldPath: metadata.labels } }, { path: note, fieldRef: { fieldPath: "metadata.annotations['note']" } }] }
              - { name: shared, emptyDir: {} }
              - name: all
                projected: { sources: [{ configMap: { name: settings, items: [{ key: size, path: deep/size }] } }, { secret: { name: keys } }] }
            """);
        await kubectl.OkAsync("wait", "pod/reader", "--for=condition=Ready", "--timeout=30s");
        var environment = await kubectl.OkAsync("exec", "reader", "-c", "main", "--", "env");
        foreach (var line in new[] { "SET_color=blue", "SET_size=3", "PASSWORD=s3cret", "ME=reader", "GREETING=I am reader", $"LIMIT={64 << 20}", "HOSTNAME=reader", "KUBERNETES_SERVICE_HOST=10.96.0.1" })
            Assert.Contains(line, environment.Split('\n'));
        Assert.Contains($"MY_IP={await kubectl.OkAsync("get", "pod", "reader", "-o", "jsonpath={.status.podIP}")}", environment.Split('\n'));
        Assert.Equal("first\nsecond", await Inside("cat", "/shared/order"));
        Assert.Equal("blue3s3cret3s3cretblue", string.Concat((await Inside("cat", "/settings/color", "/settings/size", "/keys/password", "/all/deep/size", "/all/password", "/one-file")).Split('\n')));
        Assert.Equal("app=\"reader\"", await Inside("cat", "/about/labels"));
        Assert.Equal("400", await Inside("stat", "-L", "-c", "%a", "/keys/password"));
        Assert.Contains($"\treader", await Inside("cat", "/etc/hosts"));

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await kubectl.OkAsync("patch", "configmap", "settings", "-p", """{"data":{"color":"green"}}""");
        await kubectl.OkAsync("annotate", "pod", "reader", "note=changed", "--overwrite");
        await kubectl.UntilAsync(o => o == "green", Soon, "exec", "reader", "-c", "main", "--", "cat", "/settings/color");
        output.WriteLine($"a changed ConfigMap was in the volume after {clock.Elapsed.TotalSeconds:0.0} s");
        await kubectl.UntilAsync(o => o == "changed", Soon, "exec", "reader", "-c", "main", "--", "cat", "/about/note");
        Assert.Equal("blue", await Inside("cat", "/one-file"));

        Task<string> Inside(params string[] command) => kubectl.OkAsync(["exec", "reader", "-c", "main", "--", .. command]);
    }

    [SkippableFact]
    public async Task Containers_that_fail_are_started_again_later_each_time()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.ApplyAsync(Pod("failing", """command: ["sh", "-c", "echo attempt; exit 3"]"""));
        await kubectl.ApplyAsync(Pod("once", """command: ["sh", "-c", "echo done; exit 0"]""").Replace("  containers:", "  restartPolicy: Never\n  containers:", StringComparison.Ordinal));
        await kubectl.UntilAsync(o => o == "CrashLoopBackOff", Soon, "get", "pod", "failing", "-o", "jsonpath={.status.containerStatuses[0].state.waiting.reason}");
        Assert.Matches("failing +0/1 +CrashLoopBackOff +[1-9]", await kubectl.OkAsync("get", "pods"));
        Assert.Equal("3", await kubectl.OkAsync("get", "pod", "failing", "-o", "jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}"));
        Assert.Equal("attempt", await kubectl.OkAsync("logs", "failing", "--previous"));
        Assert.Contains("Back-off restarting failed container", await kubectl.OkAsync("describe", "pod", "failing"));
        await kubectl.UntilAsync(o => o == "Succeeded", Soon, "get", "pod", "once", "-o", "jsonpath={.status.phase}");
        Assert.Matches("once +0/1 +Completed +0", await kubectl.OkAsync("get", "pods"));
        Assert.Equal("done", await kubectl.OkAsync("logs", "once"));
    }

    [SkippableFact]
    public async Task Probes_restart_what_is_stuck_and_keep_what_is_not_ready_out_of_the_Service()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.ApplyAsync(Pod("probed", """
            command: ["sh", "-c", "touch /tmp/alive; sleep 1000"]
                livenessProbe: { exec: { command: [cat, /tmp/alive] }, periodSeconds: 1, failureThreshold: 1 }
                readinessProbe: { exec: { command: [cat, /tmp/ready] }, periodSeconds: 1 }
            """));
        await kubectl.ApplyAsync("""
            apiVersion: v1
            kind: Service
            metadata: { name: probed }
            spec: { selector: { app: probed }, ports: [{ port: 80 }] }
            """);
        await kubectl.UntilAsync(o => o == "Running", Soon, "get", "pod", "probed", "-o", "jsonpath={.status.phase}");
        Assert.Equal("", await Ready());
        await kubectl.OkAsync("exec", "probed", "--", "touch", "/tmp/ready");
        await kubectl.OkAsync("wait", "pod/probed", "--for=condition=Ready", "--timeout=20s");
        await Command.EventuallyAsync(Ready, o => o == "true", Soon, "the endpoint is ready");
        await kubectl.OkAsync("exec", "probed", "--", "rm", "/tmp/alive");
        await kubectl.UntilAsync(o => o == "1", Soon, "get", "pod", "probed", "-o", "jsonpath={.status.containerStatuses[0].restartCount}");
        var description = await kubectl.OkAsync("describe", "pod", "probed");
        Assert.Contains("Liveness probe failed", description);
        Assert.Contains("Container main failed liveness probe, will be restarted", description);

        async Task<string> Ready() => (await kubectl.ListAsync("endpointslices")).SelectMany(s => s["endpoints"]?.AsArray() ?? []).Where(e => (bool?)e!["conditions"]!["ready"] == true).Select(_ => "true").FirstOrDefault() ?? "";
    }

    [SkippableFact]
    public async Task A_pod_is_given_the_time_and_the_word_to_end()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        const string folder = """
              volumes: [{ name: out, hostPath: { path: FOLDER, type: DirectoryOrCreate } }]
            """;
        var outside = Path.Combine(kubectl.Host.Folder, "out-" + space.Name);
        var manifest = Pod("polite", """
            command: ["sh", "-c", "trap 'echo term >> /out/log; exit 0' TERM; while true; do sleep 0.1; done"]
                lifecycle: { postStart: { exec: { command: [sh, -c, "echo started >> /out/log"] } }, preStop: { exec: { command: [sh, -c, "echo stopping >> /out/log; sleep 1"] } } }
                volumeMounts: [{ name: out, mountPath: /out }]
            """).Replace("terminationGracePeriodSeconds: 0", "terminationGracePeriodSeconds: 20", StringComparison.Ordinal) + folder.Replace("FOLDER", outside, StringComparison.Ordinal);
        await kubectl.ApplyAsync(manifest);
        await kubectl.ApplyAsync(Pod("deaf", """command: ["sh", "-c", "trap '' TERM; while true; do sleep 1; done"]""").Replace("terminationGracePeriodSeconds: 0", "terminationGracePeriodSeconds: 2", StringComparison.Ordinal));
        await kubectl.OkAsync("wait", "pod/polite", "pod/deaf", "--for=condition=Ready", "--timeout=30s");

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await kubectl.OkAsync("delete", "pod", "polite");
        output.WriteLine($"the polite pod was gone after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal("started\nstopping\nterm\n", await File.ReadAllTextAsync(Path.Combine(outside, "log")));
        Assert.InRange(clock.Elapsed.TotalSeconds, 1, 15);

        clock.Restart();
        await kubectl.OkAsync("delete", "pod", "deaf");
        output.WriteLine($"the deaf pod was gone after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(clock.Elapsed.TotalSeconds, 2, 15);
    }

    [SkippableFact]
    public async Task Images_that_are_not_there_and_settings_that_are_missing_are_told()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var space = await shared.NamespaceAsync();
        var kubectl = space.Kubectl;
        await kubectl.ApplyAsync(Pod("nowhere", "command: [sleep, '1']").Replace("actorkube.test/busybox:1", "127.0.0.1:1/none:1", StringComparison.Ordinal));
        await kubectl.ApplyAsync(Pod("never", "imagePullPolicy: Never").Replace("actorkube.test/busybox:1", "actorkube.test/none:1", StringComparison.Ordinal));
        await kubectl.ApplyAsync(Pod("unset", "env: [{ name: A, valueFrom: { configMapKeyRef: { name: later, key: a } } }]\n    command: [sleep, '1000']"));
        await kubectl.ApplyAsync(Pod("toobig", "resources: { requests: { cpu: 1000 } }"));
        await Reason("nowhere", "ErrImagePull", "ImagePullBackOff");
        await Reason("never", "ErrImageNeverPull");
        await Reason("unset", "CreateContainerConfigError");
        await kubectl.UntilAsync(o => o.Contains("0/1 nodes are available: 1 Insufficient cpu.", StringComparison.Ordinal), Soon, "describe", "pod", "toobig");
        Assert.Contains("configmap \"later\" not found", await kubectl.OkAsync("describe", "pod", "unset"));
        await kubectl.OkAsync("create", "configmap", "later", "--from-literal=a=b");
        await kubectl.OkAsync("wait", "pod/unset", "--for=condition=Ready", "--timeout=60s");

        Task Reason(string pod, params string[] reasons) =>
            kubectl.UntilAsync(o => reasons.Contains(o), Soon, "get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].state.waiting.reason}");
    }

    /// <summary>A pod with one container of the busybox image; the rest of the container is given, indented by four.</summary>
    internal static string Pod(string name, string container) => $$"""
        apiVersion: v1
        kind: Pod
        metadata: { name: {{name}}, labels: { app: {{name}} } }
        spec:
          terminationGracePeriodSeconds: 0
          containers:
          - name: main
            image: {{SharedCluster.Busybox}}
            {{container}}

        """;
}
