using ActorKube.Api.Meta;
using ActorKube.ControllerManager.ServiceAccounts;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.ServiceAccounts;

public class LegacyTokenCleanerTests
{
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);
    private static readonly DateTimeOffset LongAgo = Some.Now.AddDays(-1000);

    private static readonly V1ServiceAccount Account = new() { Metadata = new V1ObjectMeta { Name = "old", NamespaceProperty = "default" }, Secrets = [new V1ObjectReference { Name = "old-token" }] };

    private static V1Secret Token(params (string Label, double DaysAgo)[] labels) => new()
    {
        Type = "kubernetes.io/service-account-token",
        Metadata = new V1ObjectMeta
        {
            Name = "old-token", NamespaceProperty = "default", Uid = "u", ResourceVersion = "7", CreationTimestamp = LongAgo.UtcDateTime,
            Labels = labels.ToDictionary(l => l.Label, l => Some.Now.AddDays(-l.DaysAgo).ToString("yyyy-MM-dd")),
        },
    };

    private static Plan Decide(V1Secret secret, V1ServiceAccount? account = null, DateTimeOffset? since = null, bool mounted = false) =>
        LegacyTokenCleanerController.Reconcile(secret, account ?? Account, since ?? LongAgo, () => mounted, Year, Some.Now);

    [Fact]
    public void A_token_that_nobody_used_for_a_year_is_marked_and_a_year_later_deleted()
    {
        var marked = Assert.Single(Decide(Token((LegacyTokens.LastUsed, 400))).Of<Merge>());
        Assert.Contains(LegacyTokenCleanerController.InvalidSince, marked.Body.ToString(), StringComparison.Ordinal);
        Assert.Single(Decide(Token()).Of<Merge>());
        Assert.Empty(Decide(Token((LegacyTokens.LastUsed, 800), (LegacyTokenCleanerController.InvalidSince, 300))).Actions);
        Assert.Single(Decide(Token((LegacyTokens.LastUsed, 800), (LegacyTokenCleanerController.InvalidSince, 400))).Of<Delete>());
    }

    [Fact]
    public void What_was_used_is_mounted_or_made_by_somebody_stays()
    {
        Assert.Empty(Decide(Token((LegacyTokens.LastUsed, 300))).Actions);
        Assert.Empty(Decide(Token(), since: Some.Now.AddDays(-300)).Actions);
        Assert.Empty(Decide(Token(), mounted: true).Actions);
        Assert.Equal(Plan.Nothing, Decide(Token(), new V1ServiceAccount { Metadata = Account.Metadata }));
        var young = Token();
        young.Metadata.CreationTimestamp = Some.Now.AddDays(-10).UtcDateTime;
        Assert.Empty(Decide(young).Actions);
    }

    [Fact]
    public void As_long_as_nothing_says_since_when_uses_are_noted_nothing_ends() =>
        Assert.Empty(LegacyTokenCleanerController.Reconcile(Token(), Account, null, () => false, Year, Some.Now).Actions);
}
