using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Protocol;
using ActorKube.ControllerManager.Certificates;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Certificates;

public class CsrApprovingTests
{
    private const string Node = "CN=system:node:n1, O=system:nodes";

    [Fact]
    public void A_kubelet_that_asks_for_itself_qualifies_in_two_ways_and_another_in_one()
    {
        Assert.Equal(["selfnodeclient", "nodeclient"], Ways(Csr.Of(Node, SignerRules.KubeletClient, Csr.ClientUsages, user: "system:node:n1")));
        Assert.Equal(["nodeclient"], Ways(Csr.Of(Node, SignerRules.KubeletClient, Csr.ClientUsages, user: "system:bootstrap:abc")));
    }

    [Fact]
    public void Nothing_else_approves_itself()
    {
        Assert.Empty(Ways(Csr.Of(Node, SignerRules.Client, Csr.ClientUsages)));
        Assert.Empty(Ways(Csr.Of(Node, SignerRules.KubeletServing, Csr.ServingUsages, ["n1"])));
        Assert.Empty(Ways(Csr.Of("CN=jane", SignerRules.KubeletClient, Csr.ClientUsages)));
        Assert.Empty(Ways(Csr.Of(Node, SignerRules.KubeletClient, Csr.ClientUsages).With("Denied")));
        Assert.Empty(Ways(Csr.Of(Node, SignerRules.KubeletClient, Csr.ClientUsages).With("Approved")));
    }

    [Fact]
    public async Task Whoever_may_is_approved()
    {
        var request = Csr.Of(Node, SignerRules.KubeletClient, Csr.ClientUsages, user: "system:node:n1");
        var server = new Reviewer("nodeclient");

        await Run(request, server);

        Assert.Equal(["selfnodeclient", "nodeclient"], server.Asked);
        var approved = Assert.Single(server.Approved!.Status.Conditions);
        Assert.Equal(("Approved", "True", "AutoApproved", "Auto approving kubelet client certificate after SubjectAccessReview."), (approved.Type, approved.Status, approved.Reason, approved.Message));
        Assert.Null(request.Status);
    }

    [Fact]
    public async Task Whoever_may_not_waits_until_he_may()
    {
        var server = new Reviewer("none");

        var refused = await Assert.ThrowsAsync<ApiException>(() => Run(Csr.Of(Node, SignerRules.KubeletClient, Csr.ClientUsages), server));

        Assert.Equal("recognized csr \"csr\" as [nodeclient] but subject access review was not approved", refused.Message);
        Assert.Null(server.Approved);
    }

    private static IEnumerable<string> Ways(V1CertificateSigningRequest request) => CsrApprovingController.Recognize(request).Select(w => w.Subresource);

    private static Task Run(V1CertificateSigningRequest request, Reviewer server) => CsrApprovingController.DecideAsync(server, request, CsrApprovingController.Recognize(request));

    private sealed class Reviewer(string allowed) : IApiTransport
    {
        public List<string> Asked { get; } = [];

        public V1CertificateSigningRequest? Approved { get; private set; }

        public Task<ApiResponse> SendAsync(ApiRequest request, CancellationToken cancellationToken = default)
        {
            if (request.Resource == "subjectaccessreviews")
            {
                var review = (V1SubjectAccessReview)request.Object!;
                var attributes = review.Spec.ResourceAttributes;
                Assert.Equal(("create", "certificates.k8s.io", "certificatesigningrequests"), (attributes.Verb, attributes.Group, attributes.Resource));
                Asked.Add(attributes.Subresource);
                review.Status = new V1SubjectAccessReviewStatus { Allowed = attributes.Subresource == allowed };
                return Task.FromResult(new ApiResponse(201, new ApiObject(review)));
            }

            Assert.Equal(("update", "approval"), (request.Verb, request.Subresource));
            Approved = (V1CertificateSigningRequest)request.Object!;
            return Task.FromResult(new ApiResponse(200, new ApiObject(Approved)));
        }

        public IAsyncEnumerable<ApiWatchEvent> WatchAsync(ApiRequest request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
