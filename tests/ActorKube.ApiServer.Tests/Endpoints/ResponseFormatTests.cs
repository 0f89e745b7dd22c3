using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Endpoints;

namespace ActorKube.ApiServer.Tests.Endpoints;

public sealed class ResponseFormatTests
{
    [Theory]
    [InlineData(null, "json")]
    [InlineData("*/*", "json")]
    [InlineData("application/yaml", "yaml")]
    [InlineData("application/vnd.kubernetes.protobuf, application/json", "protobuf")]
    [InlineData("application/cbor, application/vnd.kubernetes.protobuf;q=0.9, application/json;q=0.8", "protobuf")]
    [InlineData("*/*, application/vnd.kubernetes.protobuf", "protobuf")]
    [InlineData("application/vnd.kubernetes.protobuf;stream=watch,application/json;stream=watch", "protobuf")]
    [InlineData("application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io", "json Table")]
    [InlineData("application/json;charset=utf-8", "json")]
    [InlineData("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "json Table")]
    [InlineData("application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json", "json")]
    [InlineData("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "protobuf PartialObjectMetadata")]
    [InlineData("application/json;q=0.5, application/yaml", "yaml")]
    [InlineData("text/html, */*;q=0.1", "json")]
    public void Serves_the_best_that_the_client_accepts(string? accept, string expected)
    {
        var format = ResponseFormat.Negotiate(accept);
        Assert.Equal(expected, format.Wire.ToString().ToLowerInvariant() + (format.Projection == Projection.None ? "" : " " + format.Projection));
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/cbor")]
    [InlineData("application/json;as=Table;v=v1beta1;g=meta.k8s.io")]
    public void Refuses_when_there_is_nothing(string accept) => Assert.Equal(406, Assert.Throws<ApiException>(() => ResponseFormat.Negotiate(accept)).Code);

    [Fact]
    public void What_is_nowhere_stored_has_no_rows()
    {
        const string rows = "application/json;as=Table;v=v1;g=meta.k8s.io";
        Assert.Equal(406, Assert.Throws<ApiException>(() => ResponseFormat.Negotiate(rows, table: false)).Code);
        Assert.Equal(ResponseFormat.Json, ResponseFormat.Negotiate(rows + ",application/json", table: false));
    }

    [Fact]
    public void The_refusal_names_what_a_watch_could_be_served_in() => Assert.Equal(
        "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
        Assert.Throws<ApiException>(() => ResponseFormat.Negotiate("application/yaml", true, true)).Status.Message);

    [Fact]
    public void Protobuf_is_passed_over_where_there_is_no_message() =>
        Assert.Equal(WireFormat.Json, ResponseFormat.Negotiate("application/vnd.kubernetes.protobuf, application/json", false).Wire);
}
