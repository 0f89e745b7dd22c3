using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Get;

/// <summary>Prints tables, one for each run of targets of one kind.</summary>
internal static class GetTables
{
    public static async Task RunAsync(Getter getter, IReadOnlyList<GetTarget> targets, CancellationToken cancellation)
    {
        var errors = new List<Exception>();
        var prefixed = getter.ShowKind || targets.Select(t => t.Kind).Distinct().Count() > 1;
        var printed = false;
        foreach (var (kind, run) in Runs(targets))
        {
            var tables = new List<ServerTable>();
            foreach (var target in run)
            {
                try
                {
                    tables.Add(ServerTable.Read(await getter.SendAsync(target, cancellation, CliSession.TableAccept), getter.Format == "wide"));
                }
                catch (ApiException e)
                {
                    if (!getter.IgnoreNotFound || !e.IsNotFound)
                        errors.Add(e);
                }
            }

            var rows = tables.SelectMany(t => t.Rows.Select(r => (Table: t, Row: r)));
            if (getter.SortBy is { } path)
                rows = FieldOrder.Sort(rows, path, row => row.Row.Object);
            var columns = new TableRows(getter, kind, prefixed);
            var lines = rows.Select(r => columns.Cells(r.Table, r.Row)).ToList();
            if (lines.Count == 0)
                continue;
            var blank = printed && getter.Headings ? "\n" : "";
            printed = true;
            Console.Write(blank + string.Concat(new TableWriter().Add(getter.Headings ? [columns.Headings(tables[0]), .. lines] : lines).Select(l => l + "\n")));
        }

        SeveralException.ThrowIfAny(errors);
        if (!printed && !getter.IgnoreNotFound)
            await Console.Error.WriteLineAsync(Nothing(getter, targets));
    }

    /// <summary>What is said when there is nothing to show.</summary>
    public static string Nothing(Getter getter, IReadOnlyList<GetTarget> targets) =>
        getter.AllNamespaces || targets.Any(t => !t.Kind.Namespaced) ? "No resources found" : $"No resources found in {getter.Session.Namespace} namespace.";

    private static IEnumerable<(ResourceKind Kind, List<GetTarget> Targets)> Runs(IReadOnlyList<GetTarget> targets)
    {
        var run = new List<GetTarget>();
        foreach (var target in targets)
        {
            if (run.Count > 0 && run[0].Kind != target.Kind)
            {
                yield return (run[0].Kind, run);
                run = [];
            }

            run.Add(target);
        }

        if (run.Count > 0)
            yield return (run[0].Kind, run);
    }
}
