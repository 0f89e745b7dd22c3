using ActorKube.ContainerRuntime.Builtin.Oci;

namespace ActorKube.ContainerRuntime.Tests.Builtin.Oci;

public class UserLookupTests
{
    private const string Passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\nbroken\n";
    private const string Group = "root:x:0:\napp:x:1001:\nextra:x:1002:other,app\nnone:x:1003:\n";

    [Theory]
    [InlineData("", null, "0:0 0 /root")]
    [InlineData("app", null, "1000:1001 1001,1002 /home/app")]
    [InlineData("1000", null, "1000:1001 1001,1002 /home/app")]
    [InlineData("app:extra", null, "1000:1002 1002 /home/app")]
    [InlineData("app:5", null, "1000:5 5,1002 /home/app")]
    [InlineData("4711", null, "4711:0 0 ")]
    [InlineData("4711:4712", null, "4711:4712 4712 ")]
    [InlineData("app", 9L, "1000:9 9,1002 /home/app")]
    public void Users_are_looked_up_in_the_image(string user, long? runAsGroup, string expected)
    {
        var (found, home) = UserLookup.Resolve(user, runAsGroup, [], mergeImageGroups: true, Passwd, Group);
        Assert.Equal(expected, $"{found.Uid}:{found.Gid} {string.Join(',', found.AdditionalGids!)} {home}");
    }

    [Fact]
    public void A_strict_policy_takes_only_the_pods_groups()
    {
        var (found, _) = UserLookup.Resolve("app", null, [2000], mergeImageGroups: false, Passwd, Group);
        Assert.Equal([1001u, 2000u], found.AdditionalGids!);
    }

    [Theory]
    [InlineData("ghost", "unable to find user ghost: no matching entries in passwd file")]
    [InlineData("app:ghosts", "unable to find group ghosts: no matching entries in group file")]
    [InlineData("99999999999", "unable to find user 99999999999: no matching entries in passwd file")]
    public void An_unknown_name_is_an_error(string user, string expected) =>
        Assert.Equal(expected, Assert.Throws<ContainerRuntimeException>(() => UserLookup.Resolve(user, null, [], true, Passwd, Group)).Message);

    [Fact]
    public void An_image_without_accounts_runs_by_number()
    {
        var (found, home) = UserLookup.Resolve("65532:65532", null, [], true, null, null);
        Assert.Equal((65532u, 65532u, null), (found.Uid, found.Gid, home));
    }
}
