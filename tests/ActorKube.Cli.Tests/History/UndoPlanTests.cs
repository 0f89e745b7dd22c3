using System.Text.Json.Nodes;
using ActorKube.Cli.History;

namespace ActorKube.Cli.Tests.History;

public sealed class UndoPlanTests
{
    private static readonly ObjectChange Created = Of("1", "", "Created", "alice", ".spec");
    private static readonly ObjectChange Edited = Of("2", "1", "Updated", "bob", ".spec.replicas");
    private static readonly ObjectChange Reported = Of("3", "2", "Updated", "controller", ".status.replicas");
    private static readonly ObjectChange Labelled = Of("4", "3", "Updated", "carol", ".metadata.labels.a");

    [Fact]
    public void Undoing_a_change_leads_to_the_revision_before_it()
    {
        var plan = UndoPlan.Of([Created, Edited, Reported], c => c.User == "bob", force: false)!;

        Assert.Equal("1", plan.To);
        Assert.Equal([Edited], plan.Undone);
    }

    [Fact]
    public void What_was_created_is_deleted() => Assert.Equal("", UndoPlan.Of([Created], c => c.User == "alice", force: false)!.To);

    [Fact]
    public void What_others_wished_since_is_lost_only_by_force()
    {
        Assert.Contains("carol", Assert.Throws<CliException>(() => UndoPlan.Of([Created, Edited, Reported, Labelled], c => c.User == "bob", force: false)).Message);
        Assert.Equal([Edited, Labelled], UndoPlan.Of([Created, Edited, Reported, Labelled], c => c.User == "bob", force: true)!.Undone);
    }

    [Fact]
    public void What_controllers_did_since_stands_in_nobodys_way()
    {
        var followed = Of("5", "2", "Updated", "system:serviceaccount:kube-system:deployment-controller", ".metadata.annotations.revision");

        Assert.Equal([Edited], UndoPlan.Of([Created, Edited, followed], c => c.User == "bob", force: false)!.Undone);
    }

    [Fact]
    public void There_is_no_plan_for_what_changed_only_the_status_or_nothing()
    {
        Assert.Null(UndoPlan.Of([Created, Reported], c => c.User == "controller", force: false));
        Assert.Null(UndoPlan.Of([], _ => true, force: false));
    }

    [Fact]
    public void A_restored_object_takes_the_place_of_the_very_one_that_is_there()
    {
        var then = Json("""{"metadata":{"name":"a","uid":"old","resourceVersion":"1","generation":1,"labels":{"x":"y"}},"spec":{"n":1},"status":{"n":1}}""");

        Assert.Equal("""{"metadata":{"name":"a","labels":{"x":"y"},"resourceVersion":"7"},"spec":{"n":1},"status":{"n":1}}""", UndoPlan.Restored(then, Json("""{"metadata":{"resourceVersion":"7"}}""")).ToJsonString());
        Assert.Equal("""{"metadata":{"name":"a","labels":{"x":"y"}},"spec":{"n":1}}""", UndoPlan.Restored(then, null).ToJsonString());
    }

    [Fact]
    public void Blame_names_the_newest_change_that_touched_a_field()
    {
        var value = Json("""{"metadata":{"labels":{"a":"1"}},"spec":{"replicas":3,"paused":true},"status":{"replicas":3},"other":1}""");

        var blamed = Blame.Of(value, [Created, Edited, Reported, Labelled]).ToDictionary(b => b.Path, b => b.By?.User);

        Assert.Equal("carol", blamed[".metadata.labels.a"]);
        Assert.Equal("bob", blamed[".spec.replicas"]);
        Assert.Equal("alice", blamed[".spec.paused"]);
        Assert.Equal("controller", blamed[".status.replicas"]);
        Assert.Null(blamed[".other"]);
    }

    private static ObjectChange Of(string revision, string previous, string type, string user, params string[] paths) => new(new JsonObject
    {
        ["revision"] = revision,
        ["previousRevision"] = previous,
        ["type"] = type,
        ["user"] = user,
        ["verb"] = "patch",
        ["resource"] = "deployments.apps",
        ["name"] = "web",
        ["fields"] = new JsonArray([.. paths.Select(p => new JsonObject { ["path"] = p })]),
    });

    private static JsonObject Json(string text) => (JsonObject)JsonNode.Parse(text)!;
}
