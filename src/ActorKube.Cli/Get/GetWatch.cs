using System.Text.Json.Nodes;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Get;

/// <summary>Prints what there is, then every change until the user has seen enough.</summary>
internal static class GetWatch
{
    public static async Task RunAsync(Getter getter, GetTarget target, bool onlyChanges, CancellationToken cancellation)
    {
        var output = new WatchOutput(getter, target);
        var accept = getter.IsTable ? CliSession.TableAccept : "application/json";
        var first = await getter.SendAsync(target, cancellation, accept);
        // An object by its name is a watch of a list with one item.
        var version = first.Text("metadata", "resourceVersion");
        if (target.Name is not null && version.Length == 0)
            version = first.List("rows").Select(r => r.Text("object", "metadata", "resourceVersion")).FirstOrDefault("");
        if (!onlyChanges)
            output.Write(first);
        var request = getter.Session.Request("watch", target.Kind, ns: getter.AllNamespaces ? "" : target.Namespace, query:
        [
            ("labelSelector", getter.Selector), ("fieldSelector", target.Name is null ? getter.Fields : $"metadata.name={target.Name}"), ("resourceVersion", version),
        ]);
        await foreach (var (type, value) in WatchStream.EventsAsync(getter.Session, request, cancellation, accept))
        {
            if (type != "BOOKMARK")
                output.Write(value);
        }
    }

    private sealed class WatchOutput(Getter getter, GetTarget target)
    {
        private readonly TableWriter _writer = new();
        private readonly TableRows _columns = new(getter, target.Kind, getter.ShowKind);
        private JsonArray? _definitions;
        private bool _headings = getter.Headings;
        private bool _separate;

        public void Write(JsonObject value)
        {
            if (getter.IsTable)
                WriteTable(value);
            else
                WriteObjects(value);
        }

        private void WriteTable(JsonObject value)
        {
            if (value["columnDefinitions"] is JsonArray { Count: > 0 } definitions)
                _definitions = definitions;
            var table = ServerTable.Read(value, getter.Format == "wide", _definitions);
            if (table.Rows.Count == 0)
                return;
            var rows = table.Rows.Select(row => _columns.Cells(table, row)).ToList();
            Console.Write(string.Concat(_writer.Add(_headings ? [_columns.Headings(table), .. rows] : rows).Select(l => l + "\n")));
            _headings = false;
        }

        private void WriteObjects(JsonObject value)
        {
            foreach (var item in ObjectPrinter.ItemsOf(value, target.Kind))
            {
                Console.Write((_separate && getter.Format == "yaml" ? "---\n" : "") + ObjectPrinter.Of(item, getter.Format, target.Kind, getter.ManagedFields));
                _separate = true;
            }
        }
    }
}
