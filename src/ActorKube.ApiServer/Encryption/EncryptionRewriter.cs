using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.Services;
using ActorKube.Store.Protocol;
using Microsoft.Extensions.Logging;

namespace ActorKube.ApiServer.Encryption;

/// <summary>After a start: writes objects anew that are stored in another form than the configuration asks for, such as under a key that is to be retired.</summary>
internal sealed class EncryptionRewriter(ObjectWriter writer, TimeProvider time, ILogger<EncryptionRewriter> log)
{
    /// <summary>Rewrites resource types one after the other. What cannot be rewritten is logged and stays as it is until the next start.</summary>
    public async Task RewriteAsync(IEnumerable<ServedResource> resources, CancellationToken cancellationToken)
    {
        foreach (var resource in resources)
        {
            try
            {
                if (await RewriteAsync(resource, cancellationToken).ConfigureAwait(false) is > 0 and var count)
                {
                    log.LogInformation("Wrote {Count} {Resource} anew, in the form that actorkube.apiserver.encryption asks for", count, resource.StoreResource);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException e)
            {
                log.LogError("{Resource} are not all in the form that actorkube.apiserver.encryption asks for: {Reason}", resource.StoreResource, e.Message);
            }
        }
    }

    // An object that somebody else writes meanwhile is in the new form by that.
    private async Task<int> RewriteAsync(ServedResource resource, CancellationToken cancellationToken)
    {
        var state = await resource.Cache.ReadyAsync(cancellationToken).ConfigureAwait(false);
        var count = 0;
        foreach (var entry in state.Objects.Range("").Where(o => o.Stale).ToList())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var cause = new Cause("system:apiserver", "update", "encryption-at-rest", time.GetUtcNow().ToUnixTimeMilliseconds());
            var result = await writer.PutAsync(resource, entry.Key, entry.Stored.ToArray(), Expected.At(entry.Revision), cause, ServiceClaims.Of(entry.Object.Value)).ConfigureAwait(false);
            count += result.Written is null ? 0 : 1;
        }

        return count;
    }
}
