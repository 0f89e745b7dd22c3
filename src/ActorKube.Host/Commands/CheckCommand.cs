using System.CommandLine;
using ActorKube.Host.Processes;
using ActorKube.Store.Backup;

namespace ActorKube.Host.Commands;

/// <summary><c>actorkube check</c>: looks at every row of a store's database, whether a process runs on it or not.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var options = new StoreOptions();
        var command = new Command("check", "Look for damage in every event and snapshot of the database that the configuration names. A process may run on it meanwhile. Exit code 1 when something is damaged.");
        options.AddTo(command);
        ProcessCommand.Run(command, async (parsed, stop) =>
        {
            var settings = StoreFiles.Settings(options.Load(parsed));
            StoreFindings findings;
            try
            {
                findings = await StoreInspection.OfEverythingAsync(settings, stop);
            }
            catch (Exception e) when (StoreFiles.IsAway(e))
            {
                throw new ProcessFailedException($"{StoreFiles.NameOf(settings)} cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
            }

            foreach (var line in findings.Damages)
                Report.Line(line);
            foreach (var line in findings.Healed)
                Report.Line($"{line}; all events are there, so nothing is lost");
            var seen = $"{findings.Resources} resource types, {findings.Events} events, {findings.Snapshots} snapshots in {StoreFiles.NameOf(settings)}";
            if (findings.Damages.Count > 0)
                throw new ProcessFailedException($"something is damaged in {seen}: restore a backup to an empty database (docs/backup.md)");
            if (findings.Resources == 0)
                throw new ProcessFailedException($"there is no store in {StoreFiles.NameOf(settings)}");
            Report.Line($"{seen}: nothing is lost");
        });
        return command;
    }
}
