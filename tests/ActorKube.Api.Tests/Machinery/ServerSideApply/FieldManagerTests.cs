using ActorKube.Api.Machinery;
using ActorKube.Api.Machinery.ServerSideApply;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery.ServerSideApply;

/// <summary>Who owns what after which writes: the behaviour that the documentation of server-side apply describes and structured-merge-diff tests.</summary>
public class FieldManagerTests
{
    private readonly ApplyState _state = new();

    [Fact]
    public void An_applier_owns_what_it_gives()
    {
        _state.Apply("a", "{metadata: {name: x, labels: {k: v}}, number: 1, struct: {a: 1}, list: [{name: i, value: 1}], set: [s], atomicList: [p], atomicStruct: {a: 1}, map: {m: 1}}");
        Assert.Equal(".atomicList .atomicStruct .number .list[name=\"i\"] .list[name=\"i\"].name .list[name=\"i\"].value .map.m .metadata.labels.k .set[=\"s\"] .struct.a", _state.Owns("a"));
        Assert.Equal(1, _state.Time("a"));
    }

    [Fact]
    public void Another_value_is_a_conflict_with_its_owner()
    {
        _state.Apply("a", "{number: 1, text: t, list: [{name: i, value: 1}]}");
        var refused = Assert.Throws<ApiException>(() => _state.Apply("b", "{number: 2}"));
        Assert.Equal((409, "Conflict", "Apply failed with 1 conflict: conflict with \"a\": .number"), (refused.Code, refused.Reason, refused.Message));
        Assert.Equal(("FieldManagerConflict", "conflict with \"a\"", ".number"), (refused.Status.Details.Causes[0].Reason, refused.Status.Details.Causes[0].Message, refused.Status.Details.Causes[0].Field));
        refused = Assert.Throws<ApiException>(() => _state.Apply("b", "{number: 2, text: u, list: [{name: i, value: 3}]}"));
        Assert.Equal("Apply failed with 3 conflicts: conflicts with \"a\":\n- .number\n- .text\n- .list[name=\"i\"].value", refused.Message);
        Assert.Equal("""{"number":1,"text":"t","list":[{"name":"i","value":1}]}""", _state.Content());
    }

    [Fact]
    public void A_conflict_names_the_version_of_an_updater_and_its_subresource()
    {
        _state.Update("u", "{number: 1}");
        _state.Update("s", "{number: 2}", subresource: "status");
        var refused = Assert.Throws<ApiException>(() => _state.Apply("b", "{number: 3}"));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"s\" with subresource \"status\" using v1: .number", refused.Message);
    }

    [Fact]
    public void Force_takes_the_field_over()
    {
        _state.Apply("a", "{number: 1, text: t}");
        _state.Apply("b", "{number: 2}", force: true);
        Assert.Equal("""{"number":2,"text":"t"}""", _state.Content());
        Assert.Equal((".text", ".number"), (_state.Owns("a"), _state.Owns("b")));
    }

    [Fact]
    public void Same_values_are_owned_together_and_stay_until_the_last_owner_gives_them_up()
    {
        _state.Apply("a", "{number: 1, text: t}");
        _state.Apply("b", "{number: 1}");
        Assert.Equal((".number .text", ".number"), (_state.Owns("a"), _state.Owns("b")));
        _state.Apply("a", "{text: t}");
        Assert.Equal("""{"number":1,"text":"t"}""", _state.Content());
        _state.Apply("b", "{flag: true}");
        Assert.Equal("""{"text":"t","flag":true}""", _state.Content());
    }

    [Fact]
    public void What_an_applier_no_longer_gives_goes()
    {
        _state.Apply("a", "{number: 1, struct: {a: 1, b: 2}, list: [{name: i, value: 1}, {name: j, value: 2}], set: [s, t], map: {m: 1, k: 2}}");
        _state.Apply("a", "{struct: {a: 1}, list: [{name: j}], set: [t], map: {k: 2}}");
        Assert.Equal("""{"struct":{"a":1},"list":[{"name":"j"}],"set":["t"],"map":{"k":2}}""", _state.Content());
    }

    [Fact]
    public void What_an_updater_changed_stays_when_an_applier_gives_it_up_but_not_within_an_item_that_goes()
    {
        _state.Apply("a", "{number: 1, list: [{name: i, value: 1}]}");
        _state.Update("u", "{number: 2, list: [{name: i, value: 1, more: {x: 1}}]}");
        Assert.Equal(".list[name=\"i\"] .list[name=\"i\"].name .list[name=\"i\"].value", _state.Owns("a"));
        Assert.Equal(".number .list[name=\"i\"].more .list[name=\"i\"].more.x", _state.Owns("u", "Update"));
        _state.Apply("a", "{text: t}");
        Assert.Equal("""{"number":2,"list":null,"text":"t"}""", _state.Content());
        Assert.Equal(".number", _state.Owns("u", "Update"));
    }

    [Fact]
    public void Items_of_a_list_have_their_own_owners()
    {
        _state.Apply("a", "{list: [{name: i, value: 1}]}");
        _state.Apply("b", "{list: [{name: j, value: 2}]}");
        _state.Apply("c", "{list: [{name: i, more: {x: 1}}]}");
        Assert.Equal("""{"list":[{"name":"i","value":1,"more":{"x":1}},{"name":"j","value":2}]}""", _state.Content());
        _state.Apply("a", "{text: t}");
        Assert.Equal("""{"list":[{"name":"i","more":{"x":1}},{"name":"j","value":2}],"text":"t"}""", _state.Content());
    }

    [Fact]
    public void A_key_that_is_not_given_has_its_default()
    {
        _state.Apply("a", "{ports: [{port: 80, name: a}]}");
        _state.Apply("b", "{ports: [{port: 80, protocol: UDP}, {port: 80, protocol: TCP}]}");
        Assert.Equal("""{"ports":[{"port":80,"name":"a","protocol":"TCP"},{"port":80,"protocol":"UDP"}]}""".Length, _state.Content().Length);
        Assert.Contains("[port=80,protocol=\"TCP\"]", _state.Owns("a"), StringComparison.Ordinal);
        var refused = Assert.Throws<ApiException>(() => _state.Apply("c", "{ports: [{port: 80}, {port: 80, protocol: TCP}]}"));
        Assert.Equal("failed to create typed patch object (/; /v1, Kind=Small): .ports: duplicate entries for key [port=80,protocol=\"TCP\"]", refused.Message);
    }

    [Fact]
    public void Atomic_parts_have_one_owner()
    {
        _state.Apply("a", "{atomicList: [p, q], atomicStruct: {a: 1}}");
        Assert.Throws<ApiException>(() => _state.Apply("b", "{atomicList: [p]}"));
        Assert.Throws<ApiException>(() => _state.Apply("b", "{atomicStruct: {b: 1}}"));
        _state.Apply("b", "{atomicStruct: {b: 1}}", force: true);
        Assert.Equal("""{"atomicList":["p","q"],"atomicStruct":{"b":1}}""", _state.Content());
        Assert.Equal((".atomicList", ".atomicStruct"), (_state.Owns("a"), _state.Owns("b")));
    }

    [Fact]
    public void Of_what_no_schema_knows_maps_are_owned_by_key_and_lists_as_a_whole()
    {
        _state.Apply("a", "{any: {x: {p: 1}, l: [{z: 1}]}}");
        Assert.Equal(".any.l .any.x .any.x.p", _state.Owns("a"));
        _state.Apply("b", "{any: {x: {w: 2}}}");
        Assert.Equal("""{"any":{"x":{"p":1,"w":2},"l":[{"z":1}]}}""", _state.Content());
    }

    [Fact]
    public void Applying_the_same_again_changes_nothing_not_even_the_time()
    {
        _state.Apply("a", "{number: 1, list: [{name: i}]}");
        var before = _state.Entries[0];
        _state.Apply("a", "{number: 1, list: [{name: i}]}");
        Assert.Equal(1, _state.Time("a"));
        Assert.Same(before.FieldsV1, _state.Entries[0].FieldsV1);
    }

    [Fact]
    public void The_first_apply_finds_the_owner_of_what_was_there_before_in_one_entry()
    {
        _state.Update("u", "{number: 1, text: t}");
        _state.Update("u", "{number: 1, text: t}", sent: []);
        Assert.Empty(_state.Entries);
        var refused = Assert.Throws<ApiException>(() => _state.Apply("a", "{number: 2}"));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .number", refused.Message);
        _state.Apply("a", "{number: 1}");
        Assert.Equal(".number .text", _state.Owns("before-first-apply", "Update"));
    }

    [Fact]
    public void An_update_without_a_change_keeps_the_time_and_one_with_a_change_renews_it()
    {
        _state.Update("u", "{number: 1}");
        _state.Update("u", "{number: 1}");
        Assert.Equal(1, _state.Time("u"));
        _state.Update("u", "{number: 2}");
        Assert.Equal(3, _state.Time("u"));
        _state.Update("u", "{number: 2, text: t}");
        Assert.Equal(".number .text", _state.Owns("u", "Update"));
    }

    [Fact]
    public void A_manager_that_owns_nothing_any_more_has_no_entry()
    {
        _state.Update("u", "{number: 1, text: t}");
        _state.Update("v", "{number: 2, text: t}");
        Assert.Equal(".text", _state.Owns("u", "Update"));
        _state.Update("v", "{number: 2}");
        Assert.Null(_state.Owns("u", "Update"));
    }

    [Fact]
    public void Entries_are_sorted_by_operation_time_and_name()
    {
        _state.Update("z", "{number: 1}");
        _state.Update("y", "{number: 1, text: t}");
        _state.Apply("x", "{flag: true}");
        Assert.Equal(["x", "z", "y"], _state.Entries.Select(e => e.Manager));
    }

    [Fact]
    public void More_than_ten_updaters_are_merged_the_oldest_first()
    {
        for (var i = 0; i <= 11; i++)
        {
            _state.Update($"u{i:00}", $"{{map: {{{string.Join(", ", Enumerable.Range(0, i + 1).Select(k => $"k{k:00}: 1"))}}}}}");
        }

        Assert.Equal(10, _state.Entries.Count);
        Assert.Equal(["ancient-changes", "u03", "u04"], _state.Entries.Take(3).Select(e => e.Manager));
        Assert.Equal(".map .map.k00 .map.k01 .map.k02", _state.Owns("ancient-changes", "Update"));
    }

    [Fact]
    public void A_client_may_change_the_entries_or_forget_them_and_what_it_cannot_mean_is_not_taken()
    {
        _state.Update("u", "{number: 1, text: t}");
        _state.Update("u", "{number: 1, text: t}", sent: [Entry("v", """{"f:number":{}}""")]);
        Assert.Equal(".number", _state.Owns("v", "Update"));
        Assert.Null(_state.Owns("u", "Update"));
        _state.Update("u", "{number: 1, text: t}", sent: [new V1ManagedFieldsEntry { Manager = "w", Operation = "Nothing", ApiVersion = "v1", FieldsType = "FieldsV1" }]);
        Assert.Equal(".number", _state.Owns("v", "Update"));
        _state.Update("u", "{number: 1, text: t}", sent: [Entry("w", """{"f:number":{}}""")], subresource: "status");
        Assert.Equal(".number", _state.Owns("v", "Update"));
        _state.Update("u", "{number: 1, text: t}", sent: [new V1ManagedFieldsEntry()]);
        Assert.Empty(_state.Entries);
    }

    [Fact]
    public void An_entry_of_a_version_that_is_not_served_any_more_goes()
    {
        _state.Update("u", "{number: 1, text: t}");
        _state.Update("u", "{number: 2, text: t}", sent: [Entry("old", """{"f:text":{}}""", "v0"), Entry("u", """{"f:number":{},"f:text":{}}""")]);
        Assert.Equal(["u"], _state.Entries.Select(e => e.Manager));
    }

    [Theory]
    [InlineData("{number: x}", ".number: expected numeric (int or float), got string")]
    [InlineData("{foo: 1}", ".foo: field not declared in schema")]
    [InlineData("{list: [{value: 1}]}", ".list: element 0: associative list with keys has an element that omits all key fields [\"name\"] (and doesn't have default values for any key fields)")]
    [InlineData("{list: [{name: a}, {name: a}]}", ".list: duplicate entries for key [name=\"a\"]")]
    [InlineData("{set: [a, a]}", ".set: duplicate entries for key [=\"a\"]")]
    [InlineData("{set: [null]}", ".set: element 0: associative list without keys has an element that's an explicit null")]
    [InlineData("{list: [{name: a, more: {z: 1}}]}", ".list[name=\"a\"].more.z: field not declared in schema")]
    public void A_configuration_that_is_none_is_refused(string yaml, string error)
    {
        var refused = Assert.Throws<ApiException>(() => _state.Apply("a", yaml));
        Assert.Equal((400, $"failed to create typed patch object (/; /v1, Kind=Small): {error}"), (refused.Code, refused.Message));
    }

    [Fact]
    public void ManagedFields_cannot_be_applied() =>
        Assert.Equal("metadata.managedFields must be nil", Assert.Throws<ApiException>(() => _state.Apply("a", "{metadata: {managedFields: []}}")).Message);

    [Fact]
    public void A_set_of_an_atomic_part_by_its_fields_is_read_as_one_of_the_whole()
    {
        _state.Update("u", "{atomicStruct: {a: 1}}");
        _state.Update("u", "{atomicStruct: {a: 1}, number: 1}", sent: [Entry("old", """{"f:atomicStruct":{"f:a":{}}}""")]);
        var refused = Assert.Throws<ApiException>(() => _state.Apply("b", "{atomicStruct: {a: 2}}"));
        Assert.Contains("conflict with \"old\" using v1: .atomicStruct", refused.Message, StringComparison.Ordinal);
    }

    private static V1ManagedFieldsEntry Entry(string manager, string fields, string version = "v1") => new()
    {
        Manager = manager,
        Operation = "Update",
        ApiVersion = version,
        FieldsType = "FieldsV1",
        FieldsV1 = new FieldsV1(System.Text.Encoding.UTF8.GetBytes(fields)),
    };
}
