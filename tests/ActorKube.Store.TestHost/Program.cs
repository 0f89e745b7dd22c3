using System.Globalization;
using System.Text;
using ActorKube.Store;
using ActorKube.Store.Protocol;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Extensions.Hosting;

// A process that writes to a store as fast as it is answered until it is killed, and prints every answer it got:
//   <HOCON of actorkube.store> <run> <callers>   →   lines "<resource> <key> <revision> <token>"
// Each write carries a token of its own, so that the journal can be searched for lost and repeated writes.
var settings = StoreSettings.From(ConfigurationFactory.ParseString($"actorkube.store {{ {args[0]} }}"));
var run = args[1];
var callers = int.Parse(args[2], CultureInfo.InvariantCulture);

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddAkka("test-host", akka => akka.AddStore(settings).AddHocon("akka.loglevel = WARNING", HoconAddMode.Prepend));
using var host = builder.Build();
await host.StartAsync();
var store = ActorRegistry.For((ActorSystem)host.Services.GetService(typeof(ActorSystem))!).Get<StoreActor>();
await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => WriteForeverAsync(caller))));

async Task WriteForeverAsync(int caller)
{
    var resource = caller % 4 == 0 ? "leases.coordination.k8s.io" : "configmaps";
    for (var n = 0; ; n++)
    {
        var key = $"ns/{run}-{caller}-{n}";
        var revision = await WriteAsync(resource, key, Expected.Absent, $"{run}-{caller}-{n}-created");
        await WriteAsync(resource, key, Expected.At(revision), $"{run}-{caller}-{n}-updated");
    }
}

async Task<long> WriteAsync(string resource, string key, Expected expected, string token)
{
    var put = new Put(resource, key, Encoding.UTF8.GetBytes(token), expected, new Cause("test", "create", "test", 0));
    var committed = await store.Ask<Committed>(put, TimeSpan.FromSeconds(30));
    lock (store)
    {
        Console.Out.WriteLine($"{resource} {key} {committed.Revision} {token}");
        Console.Out.Flush();
    }

    return committed.Revision;
}
