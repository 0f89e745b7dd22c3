using ActorKube.ApiServer.Monitoring;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Config = Akka.Configuration.Config;

namespace ActorKube.Host.Processes;

/// <summary>Sends traces where <c>actorkube.tracing</c> says.</summary>
internal static class Tracing
{
    private const string Http = "Microsoft.AspNetCore";

    /// <summary>Begins; the result sends what is left when it is disposed. Null where nothing is to be traced.</summary>
    /// <param name="config">The whole configuration.</param>
    /// <param name="node">The process' name in traces.</param>
    /// <exception cref="Configuration.ConfigurationException">A value is not one of those allowed.</exception>
    public static TracerProvider? Start(Config config, string node)
    {
        var section = config.GetConfig("actorkube.tracing");
        var endpoint = section.GetString("endpoint");
        if (endpoint.Length == 0)
        {
            return null;
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new Configuration.ConfigurationException($"actorkube.tracing.endpoint: '{endpoint}' is not a URL such as http://127.0.0.1:4317");
        }

        var protocol = section.GetString("protocol") switch
        {
            "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            var other => throw new Configuration.ConfigurationException($"actorkube.tracing.protocol: '{other}' is not one of grpc, http/protobuf"),
        };
        var rate = section.GetInt("sampling-rate-per-million");
        if (rate is < 0 or > 1_000_000)
        {
            throw new Configuration.ConfigurationException($"actorkube.tracing.sampling-rate-per-million: '{rate}' is not between 0 and 1000000");
        }

        return Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService("apiserver", serviceInstanceId: node))
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(rate / 1_000_000d)))
            .AddSource(Http, RequestTracing.SourceName)
            .AddOtlpExporter(otlp => (otlp.Endpoint, otlp.Protocol) = (url, protocol))
            .Build();
    }
}
