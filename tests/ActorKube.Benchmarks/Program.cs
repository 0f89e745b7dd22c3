using System.CommandLine;
using ActorKube.Benchmarks.Api;
using ActorKube.Benchmarks.Store;
using ActorKube.Benchmarks.Store.AgainstEtcd;
using BenchmarkDotNet.Running;

// `micro` runs the BenchmarkDotNet classes; every other command loads a live part and prints a table.
var micro = new Command("micro", "BenchmarkDotNet micro-benchmarks; its own arguments follow") { TreatUnmatchedTokensAsErrors = false };
micro.SetAction(result =>
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. result.UnmatchedTokens]);
    return 0;
});

var root = new RootCommand("Measures ActorKube") { micro, StoreLoad.Command(), AgainstEtcd.Command(), StoreStartup.Command(), StoreRetention.Compaction(), StoreRetention.Churn(), ApiLoad.Command(), SchedulingLoad.Command() };
return await root.Parse(args).InvokeAsync();
