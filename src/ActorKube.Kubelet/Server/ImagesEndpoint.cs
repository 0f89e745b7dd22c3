using ActorKube.ContainerRuntime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace ActorKube.Kubelet.Server;

/// <summary>
/// <c>POST /images</c>: imports the OCI or docker archive in the body, so that pods run with no registry in reach; answers
/// <c>{"images":["…"]}</c>. ActorKube's own: Kubernetes leaves this to the tools of each runtime. Used by <c>akctl image load</c>.
/// </summary>
internal sealed class ImagesEndpoint(IContainerRuntime runtime)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/images", (RequestDelegate)(context => ServerException.HandleAsync(context, () => ImportAsync(context))));

    private async Task ImportAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;

        // Archives are read as they unpack, by libraries that only read synchronously.
        context.Features.GetRequiredFeature<IHttpBodyControlFeature>().AllowSynchronousIO = true;
        var images = await runtime.ImportImageAsync(context.Request.Body, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(new { images }, context.RequestAborted);
    }
}
