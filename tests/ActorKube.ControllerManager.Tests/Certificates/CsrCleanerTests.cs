using System.Text;
using ActorKube.ControllerManager.Certificates;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Certificates;

public class CsrCleanerTests
{
    public static TheoryData<string, string?, bool, double> Cases => new()
    {
        { "pending for a day", null, false, 24 },
        { "denied for an hour", "Denied", false, 1 },
        { "failed for an hour", "Failed", false, 1 },
        { "approved without a certificate for a day", "Approved", false, 24 },
        { "issued for an hour", "Approved", true, 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_request_goes_when_its_time_is_over(string what, string? condition, bool issued, double hours)
    {
        var request = Csr.Of("CN=jane", SignerRules.Client, Csr.ClientUsages);
        if (condition is not null)
            request.With(condition);
        if (issued)
            request.Status.Certificate = Certificate(Some.Now.AddYears(1));
        var due = Some.Now.AddHours(hours);

        var before = CsrCleanerController.Reconcile(request, due.AddMinutes(-1));

        Assert.True(before.Actions.Count == 0 && before.RequeueAfter == TimeSpan.FromMinutes(1), what);
        Assert.Single(CsrCleanerController.Reconcile(request, due).Of<Delete>());
    }

    [Fact]
    public void An_expired_certificate_takes_its_request_along()
    {
        var request = Csr.Of("CN=jane", SignerRules.Client, Csr.ClientUsages).With("Approved");
        request.Status.Certificate = Certificate(Some.Now.AddMinutes(10));

        Assert.Equal(Some.Now.AddMinutes(10), CsrCleanerController.DueAt(request));
    }

    private static byte[] Certificate(DateTimeOffset until)
    {
        using var certificate = Csr.Authority(until);
        return Encoding.ASCII.GetBytes(certificate.ExportCertificatePem());
    }
}
