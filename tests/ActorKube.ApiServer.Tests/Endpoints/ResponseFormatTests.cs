using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Endpoints;

namespace ActorKube.ApiServer.Tests.Endpoints;

public sealed class ResponseFormatTests
{
    [Theory]
    [InlineData(null, "json")]
    [InlineData("*/*", "json")]
    [InlineData("application/yaml", "yaml")]
    [InlineData("application/vnd.kubernetes.protobuf, application/json", "json")]
    [InlineData("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "json Table")]
    [InlineData("application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json", "json")]
    [InlineData("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "json PartialObjectMetadata")]
    [InlineData("application/json;q=0.5, application/yaml", "yaml")]
    [InlineData("text/html, */*;q=0.1", "json")]
    public void Serves_the_best_that_the_client_accepts(string? accept, string expected)
    {
        var format = ResponseFormat.Negotiate(accept);
        Assert.Equal(expected, (format.Yaml ? "yaml" : "json") + (format.Projection == Projection.None ? "" : " " + format.Projection));
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/cbor")]
    [InlineData("application/json;as=Table;v=v1beta1;g=meta.k8s.io")]
    public void Refuses_when_there_is_nothing(string accept) => Assert.Equal(406, Assert.Throws<ApiException>(() => ResponseFormat.Negotiate(accept)).Code);
}
