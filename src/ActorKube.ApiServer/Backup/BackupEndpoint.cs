using System.Data.Common;
using System.Reflection;
using ActorKube.Api.Backup;
using ActorKube.Api.Machinery;
using ActorKube.Store;
using ActorKube.Store.Backup;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer.Backup;

/// <summary>
/// <c>/actorkube/backup</c> and <c>/actorkube/backup-with-keys</c>: a backup of the whole store, made while it is read. Every server of the cluster can make one, since it comes
/// from the database. Paths of their own, so that RBAC (nonResourceURLs) can give them to somebody who is no administrator.
/// </summary>
internal sealed class BackupEndpoint(StoreBackup? backup, SystemObjects objects, ClusterKeys keys, TimeProvider time, ILogger<BackupEndpoint> log)
{
    private const string Plain = "/actorkube/backup";
    private const string WithKeys = "/actorkube/backup-with-keys";
    private const string MediaType = "application/vnd.actorkube.backup";

    /// <summary>Answers one of the paths; false for another path.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext http, string path)
    {
        if (path is not (Plain or WithKeys) || backup is null)
        {
            return false;
        }

        http.Response.ContentType = MediaType;
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return true;
        }

        var about = new BackupHeader
        {
            Cluster = (await objects.FindAsync<V1Namespace>("", "kube-system", http.RequestAborted).ConfigureAwait(false))?.Metadata.Uid ?? "",
            Version = typeof(BackupEndpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
        };
        var run = await BeginAsync().ConfigureAwait(false);
        await using var _ = run.ConfigureAwait(false);
        log.LogInformation("A backup begins");
        try
        {
            await run.WriteAsync(new PatientStream(http.Response.Body), about with { Time = time.GetUtcNow() }, path == WithKeys ? keys.Read() : [], http.RequestAborted).ConfigureAwait(false);
            log.LogInformation("The backup is complete");
        }
        catch (Exception e) when (e is StoreDamagedException or DbException)
        {
            // The client finds the same words in the backup's last record.
            log.LogError("A backup could not be finished: {Reason}", e.Message);
        }

        return true;
    }

    private async Task<StoreBackupRun> BeginAsync()
    {
        try
        {
            return await backup!.BeginAsync().ConfigureAwait(false);
        }
        catch (DbException e)
        {
            throw ApiError.Unavailable($"the database cannot be read: {e.Message}");
        }
        catch (StoreDamagedException e)
        {
            throw ApiError.Internal(e.Message, e);
        }
    }
}
