using System.Text.Json.Nodes;

namespace ActorKube.Cli.History;

/// <summary>What it takes to undo changes of one object.</summary>
/// <param name="Undone">The changes, the oldest first.</param>
/// <param name="To">The revision to restore; empty where the object did not exist and is to be deleted.</param>
internal sealed record UndoPlan(IReadOnlyList<ObjectChange> Undone, string To)
{
    private static readonly string[] OfTheServer = ["resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"];

    /// <summary>
    /// The plan to undo some of an object's changes; null when there is nothing to undo. What others wished since would be lost with them: then it is refused,
    /// unless forced. What controllers did in between does not count: they do it again. Throws <see cref="CliException"/>.
    /// </summary>
    /// <param name="all">All changes of the object, the oldest first.</param>
    /// <param name="isMeant">Which of them to undo.</param>
    /// <param name="force">Whether later changes of others may be lost.</param>
    public static UndoPlan? Of(IReadOnlyList<ObjectChange> all, Func<ObjectChange, bool> isMeant, bool force)
    {
        var wishes = all.Where(c => c.IsWish && (!c.IsAutomatic || isMeant(c))).ToList();
        var first = wishes.FindIndex(c => isMeant(c));
        if (first < 0)
            return null;
        var undone = wishes.Skip(first).ToList();
        if (!force && undone.FirstOrDefault(c => !isMeant(c)) is { } later)
            throw new CliException($"{later.Resource}/{later.Name} was changed since, at revision {later.Revision}: {later.Line}. With --force that is undone too");
        return new UndoPlan(undone, undone[0].Type == "Created" ? "" : undone[0].Previous);
    }

    /// <summary>The object to write in place of the current one, or to create where there is none.</summary>
    public static JsonObject Restored(JsonObject then, JsonObject? now)
    {
        var value = then.DeepClone().AsObject();
        var metadata = value["metadata"]!.AsObject();
        foreach (var name in OfTheServer)
            metadata.Remove(name);
        if (now is null)
            value.Remove("status");
        else
            metadata["resourceVersion"] = now["metadata"]!["resourceVersion"]!.DeepClone();
        return value;
    }
}
