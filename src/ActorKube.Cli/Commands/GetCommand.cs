using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;
using ActorKube.Client.Protocol;

namespace ActorKube.Cli.Commands;

/// <summary><c>akctl get</c>: the server's tables, or objects as YAML, JSON or names; with <c>-w</c> their changes as they come.</summary>
internal static class GetCommand
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true, IndentSize = 4, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create()
    {
        var resources = new Argument<string[]>("resources") { Description = "pods | pods web-1 | deploy/web svc/web | all" };
        var output = new Option<string?>("--output", "-o") { Description = "wide, yaml, json or name" };
        var watch = new Option<bool>("--watch", "-w") { Description = "After listing, watch for changes." };
        var selector = new Option<string?>("--selector", "-l") { Description = "Label selector, such as 'app=web,tier!=db'." };
        var fields = new Option<string?>("--field-selector") { Description = "Field selector, such as 'status.phase=Running'." };
        var all = new Option<bool>("--all-namespaces", "-A") { Description = "Objects of every namespace." };
        var noHeaders = new Option<bool>("--no-headers") { Description = "Print no headings." };
        var command = new Command("get", "Show objects.") { resources, output, watch, selector, fields, all, noHeaders };
        command.Run(async (parsed, cancellation) =>
        {
            var format = parsed.GetValue(output) ?? "";
            if (format is not ("" or "wide" or "yaml" or "json" or "name"))
                throw new CliException($"unable to match a printer suitable for the output format \"{format}\", allowed formats are: json,name,wide,yaml");
            var get = new Get(CliSession.Open(parsed), format, parsed.GetValue(all), !parsed.GetValue(noHeaders), parsed.GetValue(selector), parsed.GetValue(fields));
            await get.RunAsync(ResourceNames.Parse(parsed.GetValue(resources) ?? []), parsed.GetValue(watch), cancellation);
        });
        return command;
    }

    private sealed record Get(CliSession Session, string Format, bool AllNamespaces, bool Headers, string? Selector, string? Fields)
    {
        public async Task RunAsync(IReadOnlyList<ResourceName> names, bool watch, CancellationToken cancellation)
        {
            if (watch)
            {
                if (names.Count != 1)
                    throw new CliException("you may only specify a single resource type or object with --watch");
                await WatchAsync(names[0], cancellation);
            }
            else if (Format is "" or "wide")
            {
                await PrintTablesAsync(names, cancellation);
            }
            else
            {
                await PrintObjectsAsync(names, cancellation);
            }
        }

        private ApiRequest RequestOf(ResourceName name) => name.Name is null
            ? Session.Request("list", name.Kind, ns: AllNamespaces ? "" : null, query: [("labelSelector", Selector), ("fieldSelector", Fields)])
            : Session.Request("get", name.Kind, name.Name);

        private async Task PrintTablesAsync(IReadOnlyList<ResourceName> names, CancellationToken cancellation)
        {
            var several = names.Select(n => n.Kind).Distinct().Count() > 1;
            var printed = false;
            foreach (var group in names.GroupBy(n => n.Kind))
            {
                ServerTable? first = null;
                var rows = new List<IReadOnlyList<string>>();
                foreach (var name in group)
                {
                    var table = new ServerTable(await Session.SendAsync(RequestOf(name), cancellation, CliSession.TableAccept), Format == "wide");
                    first ??= table;
                    rows.AddRange(table.Rows(AllNamespaces && group.Key.Namespaced, several ? ResourceName.Prefix(group.Key) + "/" : ""));
                }

                if (rows.Count == 0)
                    continue;
                if (printed)
                    Console.WriteLine();
                printed = true;
                Write(first!, group.Key, rows, Headers);
            }

            if (!printed)
                await Console.Error.WriteLineAsync(AllNamespaces || names.All(n => !n.Kind.Namespaced) ? "No resources found" : $"No resources found in {Session.Namespace} namespace.");
        }

        private void Write(ServerTable table, ResourceKind kind, IReadOnlyList<IReadOnlyList<string>> rows, bool headers)
        {
            var headings = AllNamespaces && kind.Namespaced ? table.Headings.Prepend("NAMESPACE").ToList() : table.Headings;
            foreach (var line in TableWriter.Lines(headings, rows).Skip(headers ? 0 : 1))
                Console.WriteLine(line);
        }

        private async Task PrintObjectsAsync(IReadOnlyList<ResourceName> names, CancellationToken cancellation)
        {
            var objects = new List<JsonObject>();
            foreach (var name in names)
            {
                var answer = await Session.SendAsync(RequestOf(name), cancellation);
                if (answer["items"] is JsonArray items)
                {
                    foreach (var item in items.OfType<JsonObject>().ToList())
                    {
                        items.Remove(item);
                        (item["apiVersion"], item["kind"]) = (name.Kind.ApiVersion, name.Kind.Kind);
                        objects.Add(item);
                    }
                }
                else
                {
                    objects.Add(answer);
                }
            }

            if (Format == "name")
            {
                foreach (var o in objects)
                    Console.WriteLine(new ResourceName(KindRegistry.BuiltIn.FindKind((string)o["apiVersion"]!, (string)o["kind"]!)!, (string?)o["metadata"]?["name"]));
                return;
            }

            var one = names is [{ Name: not null }];
            var document = one ? objects[0] : new JsonObject
            {
                ["apiVersion"] = "v1", ["items"] = new JsonArray([.. objects]), ["kind"] = "List", ["metadata"] = new JsonObject { ["resourceVersion"] = "" },
            };
            Console.Write(Format == "yaml" ? YamlText.Of(document) : document.ToJsonString(Indented) + "\n");
        }

        private async Task WatchAsync(ResourceName name, CancellationToken cancellation)
        {
            var request = Session.Request("watch", name.Kind, ns: AllNamespaces ? "" : null, query:
            [
                ("labelSelector", Selector), ("fieldSelector", name.Name is null ? Fields : $"metadata.name={name.Name}"),
            ]);
            var headers = Headers;
            ServerTable? first = null;
            await foreach (var (type, value) in TableWatch.EventsAsync(Session, request, Format is "" or "wide", cancellation))
            {
                if (type == "BOOKMARK")
                    continue;
                if (Format is "yaml" or "json")
                {
                    Console.Write(Format == "yaml" ? "---\n" + YamlText.Of(value) : value.ToJsonString(Indented) + "\n");
                    continue;
                }

                if (Format == "name")
                {
                    Console.WriteLine(new ResourceName(name.Kind, (string?)value["metadata"]?["name"]));
                    continue;
                }

                var table = new ServerTable(value, Format == "wide", first?.Headings);
                if (value["columnDefinitions"] is null && first is not null)
                    table = new ServerTable(Merge(value, _columns!), Format == "wide", first.Headings);
                else
                    _columns = value["columnDefinitions"]!.AsArray();
                first ??= table;
                Write(first, name.Kind, table.Rows(AllNamespaces && name.Kind.Namespaced, ""), headers);
                headers = false;
            }
        }

        private JsonArray? _columns;

        // Only a watch's first event carries the column definitions.
        private static JsonObject Merge(JsonObject table, JsonArray columns)
        {
            table["columnDefinitions"] = columns.DeepClone();
            return table;
        }
    }
}
