using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Tests.Machinery;

public sealed class ApiJsonTests
{
    [Fact]
    public void Text_is_written_as_it_is_where_JSON_allows() =>
        Assert.Equal(
            """{"data":{"k":"it's + <é> & \"quoted\"\n"}}""",
            ApiJson.SerializeToString(new V1ConfigMap { Data = new Dictionary<string, string> { ["k"] = "it's + <é> & \"quoted\"\n" } }));
}
