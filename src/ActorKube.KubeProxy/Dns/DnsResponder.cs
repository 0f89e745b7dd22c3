using System.Security.Cryptography;

namespace ActorKube.KubeProxy.Dns;

/// <summary>From a query's bytes to the reply's: the zone's own names from the zone, all others from elsewhere. Safe from any thread.</summary>
/// <param name="zone">The cluster's zone.</param>
/// <param name="forwarder">Everything else.</param>
/// <param name="isReady">Whether the zone is complete: before that a "no such name" might be a lie.</param>
public sealed class DnsResponder(ClusterZone zone, Forwarder forwarder, Func<bool> isReady)
{
    private const int MaxAliases = 8;

    /// <summary>The reply; null for what deserves none.</summary>
    public async ValueTask<byte[]?> ReplyAsync(ReadOnlyMemory<byte> message, bool byTcp, CancellationToken cancellationToken)
    {
        var query = DnsQuery.Parse(message, out var error);
        if (query is null)
        {
            return null;
        }

        var limit = byTcp ? ushort.MaxValue : query.UdpSize;
        if (error != DnsCode.NoError)
        {
            return DnsWriter.Write(query, DnsAnswer.Of(error), limit, false);
        }

        var isOurs = zone.Owns(query.Name);
        if (isOurs && !isReady())
        {
            return DnsWriter.Write(query, DnsAnswer.Of(DnsCode.ServerFailure), limit, false);
        }

        if (zone.Answer(query.Name, query.Type, query.Id) is { } answer)
        {
            if (answer.Answers is [NameRecord { Type: DnsType.CNAME }] && query.Type is DnsType.A or DnsType.AAAA)
            {
                answer = await FollowAsync(answer, query, cancellationToken).ConfigureAwait(false);
            }

            return DnsWriter.Write(query, answer, limit, true);
        }

        var reply = await forwarder.AskAsync(message, byTcp, cancellationToken).ConfigureAwait(false);
        return reply ?? DnsWriter.Write(query, DnsAnswer.Of(DnsCode.ServerFailure), limit, false);
    }

    /// <summary>The clients are simple resolvers that expect the addresses behind an alias together with it.</summary>
    private async Task<DnsAnswer> FollowAsync(DnsAnswer answer, DnsQuery query, CancellationToken cancellationToken)
    {
        var records = answer.Answers.ToList();
        for (var i = 0; i < MaxAliases && records[^1] is NameRecord { Type: DnsType.CNAME, Target: var target }; i++)
        {
            if (zone.Answer(target, query.Type, query.Id) is { } inside)
            {
                records.AddRange(inside.Answers);
                if (inside.Answers.Count == 0)
                {
                    break;
                }
            }
            else
            {
                var question = DnsWriter.Question((ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue), target, query.Type);
                var reply = await forwarder.AskAsync(question, byTcp: false, cancellationToken).ConfigureAwait(false);
                if (reply is null || DnsReader.ReadAddresses(reply) is not { } outside)
                {
                    return DnsAnswer.Of(DnsCode.ServerFailure);
                }

                records.AddRange(outside);
                break;
            }
        }

        return DnsAnswer.Of(records);
    }
}
