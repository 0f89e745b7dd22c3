using System.Diagnostics;
using ActorKube.Benchmarks.Store.AgainstEtcd.Wire;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace ActorKube.Benchmarks.Store.AgainstEtcd;

/// <summary>
/// An etcd with its default settings, reached as kube-apiserver reaches it: a transaction that compares the key's revision, writes when it is the expected one and reads
/// otherwise, by gRPC over loopback, but without TLS and on several connections, so that it is not the client that is measured.
/// </summary>
internal sealed class EtcdTarget : ICompareAndSet
{
    private readonly Process _process;
    private readonly GrpcChannel[] _channels;
    private readonly KV.KVClient[] _clients;

    private EtcdTarget(Process process, GrpcChannel[] channels) =>
        (_process, _channels, _clients) = (process, channels, [.. channels.Select(c => new KV.KVClient(c))]);

    public string Name => "etcd";

    public TimeSpan ServerTime => ServerProcess.Time(_process.Id);

    public string KeyOf(int run, int caller) => $"/registry/benchmarks/run-{run}/caller-{caller}";

    public static async Task<EtcdTarget> StartAsync(string program, string directory, int connections)
    {
        var (clients, peers) = ($"http://127.0.0.1:{ServerProcess.FreePort()}", $"http://127.0.0.1:{ServerProcess.FreePort()}");
        var process = Process.Start(new ProcessStartInfo(program,
        [
            "--data-dir", directory, "--log-level", "error", "--quota-backend-bytes", "8589934592",
            "--listen-client-urls", clients, "--advertise-client-urls", clients,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", $"default={peers}",
        ]))!;
        var channels = Enumerable.Range(0, connections).Select(_ => GrpcChannel.ForAddress(clients, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler() })).ToArray();
        var target = new EtcdTarget(process, channels);
        await target.ReadyAsync();
        return target;
    }

    public async Task<long> PutAsync(int caller, string key, byte[] value, long expected)
    {
        var name = ByteString.CopyFromUtf8(key);
        var outcome = await _clients[caller % _clients.Length].TxnAsync(new Transaction
        {
            Conditions = { new Condition { Subject = 2, Key = name, LastChange = expected } },
            WhenMet = { new Operation { Write = new Write { Key = name, Value = UnsafeByteOperations.UnsafeWrap(value) } } },
            Otherwise = { new Operation { Read = new Read { Key = name } } },
        });
        return outcome.Met ? outcome.Head.Revision : throw new InvalidOperationException($"{key} was not at {expected}");
    }

    public Task SettleAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in _channels)
            channel.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task ReadyAsync()
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await PutAsync(0, "ready", [1], 0);
                return;
            }
            catch (RpcException) when (patience.Elapsed < TimeSpan.FromSeconds(30) && !_process.HasExited)
            {
                await Task.Delay(100);
            }
        }
    }
}
