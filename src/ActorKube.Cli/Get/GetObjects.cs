using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Get;

/// <summary>Prints objects as YAML, JSON or names.</summary>
internal static class GetObjects
{
    public static async Task RunAsync(Getter getter, IReadOnlyList<GetTarget> targets, CancellationToken cancellation)
    {
        var errors = new List<Exception>();
        var objects = new List<(ResourceKind Kind, JsonObject Value)>();
        foreach (var target in targets)
        {
            try
            {
                var answer = await getter.SendAsync(target, cancellation);
                objects.AddRange((target.Name is null ? ObjectPrinter.ItemsOf(answer, target.Kind) : [answer]).Select(o => (target.Kind, o)));
            }
            catch (ApiException e)
            {
                if (!getter.IgnoreNotFound || !e.IsNotFound)
                    errors.Add(e);
            }
        }

        if (getter.SortBy is { } path)
            objects = [.. FieldOrder.Sort(objects, path, o => o.Value)];
        Print(getter, targets, objects, errors.Count > 0);
        SeveralException.ThrowIfAny(errors);
    }

    private static void Print(Getter getter, IReadOnlyList<GetTarget> targets, List<(ResourceKind Kind, JsonObject Value)> objects, bool failed)
    {
        if (getter.Format == "name")
        {
            foreach (var (kind, value) in objects)
                Console.Write(ObjectPrinter.Of(value, "name", kind));
        }
        else if (targets is [{ Name: not null }])
        {
            foreach (var (kind, value) in objects)
                Console.Write(ObjectPrinter.Of(value, getter.Format, kind, getter.ManagedFields, getter.Headings));
        }
        else if (objects.Count > 0 || !failed)
        {
            Console.Write(ObjectPrinter.Of(ObjectPrinter.ListOf(objects.Select(o => o.Value)), getter.Format, targets[0].Kind, getter.ManagedFields, getter.Headings));
        }
    }
}
