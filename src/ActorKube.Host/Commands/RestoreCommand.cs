using System.CommandLine;
using System.Globalization;
using ActorKube.Api.Backup;
using ActorKube.ApiServer;
using ActorKube.ApiServer.Backup;
using ActorKube.Host.Processes;
using ActorKube.Store.Backup;
using Akka.Configuration;

namespace ActorKube.Host.Commands;

/// <summary><c>actorkube restore</c>: writes a backup to an empty database, of either kind.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The backup, as 'akctl backup' wrote it." };
        var verifyOnly = new Option<bool>("--verify-only") { Description = "Only check that the backup is whole and undamaged." };
        var withoutKeys = new Option<bool>("--without-keys") { Description = "Leave out the keys that the backup has, where the cluster is to have others." };
        var options = new StoreOptions();
        var command = new Command(
            "restore", "Write a backup to the empty database (SQLite or PostgreSQL) that the configuration names, and its keys to the data folder. Start the process with the same configuration afterwards.")
        {
            file, verifyOnly, withoutKeys,
        };
        options.AddTo(command);
        ProcessCommand.Run(command, async (parsed, stop) =>
        {
            var name = parsed.GetValue(file)!;
            try
            {
                await using var backup = new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
                if (parsed.GetValue(verifyOnly))
                    Tell(name, "whole and undamaged", await BackupInspector.InspectAsync(backup, stop));
                else
                    await RestoreAsync(name, backup, options.Load(parsed), !parsed.GetValue(withoutKeys), stop);
            }
            catch (BackupException e)
            {
                throw new ProcessFailedException($"{name}: {e.Message}; nothing was restored", e);
            }
            catch (RestoreException e)
            {
                throw new ProcessFailedException(e.Message, e);
            }
            catch (Exception e) when (StoreFiles.IsAway(e))
            {
                throw new ProcessFailedException($"nothing was restored: {e.Message.ReplaceLineEndings(" ")}", e);
            }
        });
        return command;
    }

    private static async Task RestoreAsync(string name, FileStream backup, Config config, bool withKeys, CancellationToken stop)
    {
        var process = ProcessSettings.From(config);
        var store = StoreFiles.Settings(config);
        using var folder = DataFolder.Lock(process.DataDir);
        // The whole file, before anything is written.
        await BackupInspector.InspectAsync(backup, stop);
        var files = ClusterKeys.Of(ApiServerSettings.From(config));
        var keys = withKeys ? await KeysAsync(backup, stop) : [];
        if (files.Conflict(keys) is { } file)
            throw new RestoreException($"{file} is there already, and is another one than the backup's: move it away, or keep it with --without-keys");
        backup.Position = 0;
        var summary = await StoreRestore.WriteAsync(store, backup, TimeProvider.System, stop);
        files.Write(keys);
        Tell(name, $"restored to {StoreFiles.NameOf(store)}", summary);
        if (keys.Count == 0)
        {
            Report.Line($"  keys       {(files.Files.Any() ? $"those of {process.DataDir} stay" : $"none are in {process.DataDir}: copy pki, tokens.csv and encryption-keys of the old cluster there before the start, or nodes and tokens of before are not known")}");
        }
    }

    private static async Task<IReadOnlyList<BackupKey>> KeysAsync(FileStream backup, CancellationToken stop)
    {
        var keys = new List<BackupKey>();
        backup.Position = 0;
        await foreach (var record in BackupReader.ReadAsync(backup, stop))
        {
            if (record is BackupKey key)
                keys.Add(key);
            else if (record is not BackupHeader)
                break;
        }

        return keys;
    }

    private static void Tell(string name, string what, BackupSummary summary)
    {
        var header = summary.Header;
        Report.Line($"{name}: {what}");
        Report.Line($"  cluster    {(header.Cluster.Length > 0 ? header.Cluster : "<unknown>")}");
        Report.Line($"  as of      {header.Time.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)}, from {header.Database}, ActorKube {header.Version}");
        Report.Line($"  content    {summary.Resources.Count} resource types, {summary.Events} events");
        if (summary.Keys.Count > 0)
            Report.Line($"  keys       {string.Join(", ", summary.Keys)}");
    }
}
