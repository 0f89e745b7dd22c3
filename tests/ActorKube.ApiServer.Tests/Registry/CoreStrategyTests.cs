using System.Text;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Registry;

public class CoreStrategyTests
{
    [Fact]
    public void A_service_gets_the_defaults_that_kubectl_shows()
    {
        var (service, errors) = Strategies.Create<V1Service>("metadata: {name: web, namespace: default}\nspec: {selector: {app: web}, ports: [{port: 80}]}");
        Assert.Empty(errors);
        Assert.Equal(
            """{"metadata":{"name":"web","namespace":"default"},"spec":{"internalTrafficPolicy":"Cluster","ports":[{"port":80,"protocol":"TCP","targetPort":80}],"selector":{"app":"web"},"sessionAffinity":"None","type":"ClusterIP"},"status":{"loadBalancer":{}}}""",
            ApiJson.SerializeToString(service));
        Assert.Equal("Cluster", Strategies.Create<V1Service>("metadata: {name: a}\nspec: {type: NodePort, ports: [{port: 80}]}").Value.Spec.ExternalTrafficPolicy);
        Assert.Equal(10800, Strategies.Create<V1Service>("metadata: {name: a}\nspec: {sessionAffinity: ClientIP, ports: [{port: 80}]}").Value.Spec.SessionAffinityConfig.ClientIP.TimeoutSeconds);
    }

    [Theory]
    [InlineData("spec: {}", "spec.ports: Required value")]
    [InlineData("spec: {ports: [{port: 80}, {port: 81}]}", "spec.ports[0].name: Required value;spec.ports[1].name: Required value")]
    [InlineData("spec: {ports: [{port: 0}]}", "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive;spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive")]
    [InlineData("spec: {ports: [{port: 80, nodePort: 30000}]}", "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'")]
    [InlineData("spec: {ports: [{port: 80, name: a}, {port: 80, name: b}]}", "spec.ports[1]: Duplicate value: {\"port\":80,\"protocol\":\"TCP\"}")]
    [InlineData("spec: {type: Cloud, ports: [{port: 80}]}", "spec.type: Unsupported value: \"Cloud\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"")]
    [InlineData("spec: {type: ExternalName}", "spec.externalName: Required value")]
    [InlineData("spec: {clusterIP: nope, ports: [{port: 80}]}", "spec.clusterIPs[0]: Invalid value: \"nope\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    [InlineData("spec: {externalIPs: [127.0.0.1], ports: [{port: 80}]}", "spec.externalIPs[0]: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, ::1/128)")]
    [InlineData("spec: {sessionAffinity: Sticky, ports: [{port: 80}]}", "spec.sessionAffinity: Unsupported value: \"Sticky\": supported values: \"ClientIP\", \"None\"")]
    [InlineData("spec: {externalTrafficPolicy: Local, ports: [{port: 80}]}", "spec.externalTrafficPolicy: Invalid value: \"Local\": may only be set for externally-accessible services")]
    public void A_service_says_what_is_wrong_as_Kubernetes_does(string spec, string errors) =>
        Assert.Equal(errors.Split(';'), Strategies.ErrorsOf<V1Service>("metadata: {name: a}\n" + spec));

    [Fact]
    public void A_services_address_stays()
    {
        var (old, _) = Strategies.Create<V1Service>("metadata: {name: a}\nspec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}");
        Assert.Equal(["10.0.0.1"], old.Spec.ClusterIPs);
        var (_, errors) = Strategies.Update(old, s =>
        {
            s.Spec.ClusterIP = "10.0.0.2";
            s.Spec.ClusterIPs = ["10.0.0.2"];
        });
        Assert.Equal(["spec.clusterIPs[0]: Invalid value: [\"10.0.0.2\"]: may not change once set"], errors);
    }

    [Fact]
    public void A_node_port_goes_with_its_type()
    {
        var (old, _) = Strategies.Create<V1Service>("metadata: {name: a}\nspec: {type: NodePort, clusterIP: 10.0.0.1, ports: [{port: 80, nodePort: 30080}]}");
        var (service, errors) = Strategies.Update(old, s => s.Spec.Type = "ClusterIP");
        Assert.Empty(errors);
        Assert.Null(service.Spec.Ports[0].NodePort);
        Assert.Null(service.Spec.ExternalTrafficPolicy);
    }

    [Fact]
    public void Service_rows_are_those_of_kubectl_get()
    {
        var (service, _) = Strategies.Create<V1Service>("metadata: {name: web, creationTimestamp: '2024-05-01T11:59:00Z'}\nspec: {type: NodePort, clusterIP: 10.0.0.1, selector: {app: web}, ports: [{port: 80, nodePort: 30080, name: a}, {port: 53, protocol: UDP, name: b}]}");
        Assert.Equal("web | NodePort | 10.0.0.1 | <none> | 80:30080/TCP,53/UDP | 60s | app=web", Strategies.Row(service, wide: true));
    }

    [Fact]
    public void Plain_text_of_a_secret_becomes_data()
    {
        var (secret, errors) = Strategies.Create<V1Secret>("metadata: {name: a}\ndata: {a: b2xk, b: Yg==}\nstringData: {a: new}");
        Assert.Empty(errors);
        Assert.Null(secret.StringData);
        Assert.Equal("Opaque", secret.Type);
        Assert.Equal(["new", "b"], secret.Data.OrderBy(d => d.Key).Select(d => Encoding.UTF8.GetString(d.Value)));
    }

    [Theory]
    [InlineData("type: kubernetes.io/tls", "data[tls.crt]: Required value;data[tls.key]: Required value")]
    [InlineData("type: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '{'}", "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": unexpected end of JSON input")]
    [InlineData("type: kubernetes.io/service-account-token", "metadata.annotations[kubernetes.io/service-account.name]: Required value")]
    [InlineData("stringData: {'a b': x}", "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")]
    public void A_secret_has_what_its_type_needs(string fields, string errors) => Assert.Equal(errors.Split(';'), Strategies.ErrorsOf<V1Secret>("metadata: {name: a}\n" + fields));

    [Fact]
    public void Immutable_data_stays()
    {
        var (old, _) = Strategies.Create<V1ConfigMap>("metadata: {name: a}\nimmutable: true\ndata: {k: v}");
        Assert.Equal(
            ["data: Forbidden: field is immutable when `immutable` is set"],
            Strategies.Update(old, c => c.Data["k"] = "w").Errors);
        Assert.Equal(
            ["immutable: Forbidden: field is immutable when `immutable` is set"],
            Strategies.Update(old, c => c.Immutable = null).Errors);
    }

    [Fact]
    public void A_config_map_holds_a_mebibyte()
    {
        var map = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "a" }, Data = new Dictionary<string, string> { ["k"] = new string('x', (1024 * 1024) + 1) } };
        Assert.Equal(["[]: Too long: may not be more than 1048576 bytes"], Strategies.Of<V1ConfigMap>().ValidateCreate(map).Select(e => e.ToString()));
    }

    [Fact]
    public void A_namespace_is_labelled_with_its_name_and_held_by_its_finalizer()
    {
        var (value, errors) = Strategies.Create<V1Namespace>("metadata: {name: team}");
        Assert.Empty(errors);
        Assert.Equal("""{"metadata":{"labels":{"kubernetes.io/metadata.name":"team"},"name":"team"},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}""", ApiJson.SerializeToString(value));
        Assert.Equal(["kubernetes"], Strategies.Update(value, n => n.Spec.Finalizers = null).Value.Spec.Finalizers);
    }

    [Fact]
    public void A_kubelet_registers_its_node_with_a_status()
    {
        var (node, errors) = Strategies.Create<V1Node>("metadata: {name: n1, labels: {node-role.kubernetes.io/control-plane: ''}}\nspec: {podCIDR: 10.1.0.0/24}\nstatus: {capacity: {cpu: 4, pods: 110}, nodeInfo: {kubeletVersion: v1.36.0}, addresses: [{type: InternalIP, address: 10.0.0.5}], conditions: [{type: Ready, status: 'True'}]}");
        Assert.Empty(errors);
        Assert.Equal(["10.1.0.0/24"], node.Spec.PodCIDRs);
        Assert.Equal("110", node.Status.Allocatable["pods"].ToString());
        node.Metadata.CreationTimestamp = Strategies.Now.UtcDateTime.AddHours(-3);
        Assert.Equal("n1 | Ready | control-plane | 3h | v1.36.0 | 10.0.0.5 | <none> | <unknown> | <unknown> | <unknown>", Strategies.Row(node, wide: true));
        node.Spec.Unschedulable = true;
        Assert.StartsWith("n1 | Ready,SchedulingDisabled |", Strategies.Row(node));
    }

    [Fact]
    public void Node_ranges_and_taints_are_checked()
    {
        var (old, _) = Strategies.Create<V1Node>("metadata: {name: n1}\nspec: {podCIDR: 10.1.0.0/24, taints: [{key: a, effect: NoSchedule}]}");
        Assert.Equal(
            ["spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid"],
            Strategies.Update(old, n => n.Spec.PodCIDRs = ["10.2.0.0/24"]).Errors);
        Assert.Equal(
            ["metadata.taints[1]: Duplicate value: {\"effect\":\"NoSchedule\",\"key\":\"a\"}: taints must be unique by key and effect pair"],
            Strategies.Update(old, n => n.Spec.Taints.Add(new V1Taint { Key = "a", Effect = "NoSchedule" })).Errors);
    }

    [Fact]
    public void Endpoint_slices_have_addresses_of_their_type()
    {
        const string yaml = "metadata: {name: s}\naddressType: IPv4\nendpoints: [{addresses: [10.0.0.1]}, {addresses: []}, {addresses: ['::1']}]\nports: [{port: 80}]";
        var (slice, errors) = Strategies.Create<V1EndpointSlice>(yaml);
        Assert.Equal(
            [
                "endpoints[1].addresses: Required value: must contain at least 1 address",
                "endpoints[2].addresses[0]: Invalid value: \"::1\": must be an IPv4 address",
                "endpoints[2].addresses[0]: Invalid value: \"::1\": may not be in the loopback range (127.0.0.0/8, ::1/128)",
            ],
            errors);
        Assert.Equal("s | IPv4 | 80 | 10.0.0.1,::1 | <unknown>", Strategies.Row(slice));
    }

    [Fact]
    public void Events_stand_where_their_object_stands()
    {
        Assert.Equal(
            ["involvedObject.namespace: Invalid value: \"b\": does not match event.namespace"],
            Strategies.ErrorsOf<Corev1Event>("metadata: {name: e, namespace: a}\ninvolvedObject: {kind: Pod, namespace: b, name: p}"));
        var (value, errors) = Strategies.Create<Corev1Event>("metadata: {name: e, namespace: a}\ninvolvedObject: {kind: Pod, namespace: a, name: p}\ntype: Normal\nreason: Pulled\nmessage: 'it came '\nlastTimestamp: '2024-05-01T11:59:00Z'\nsource: {component: kubelet, host: n1}");
        Assert.Empty(errors);
        Assert.Equal("60s | Normal | Pulled | pod/p | it came", Strategies.Row(value));
    }

    [Fact]
    public void A_lease_lasts_some_time()
    {
        Assert.Equal(["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"], Strategies.ErrorsOf<V1Lease>("metadata: {name: l}\nspec: {leaseDurationSeconds: 0}"));
        Assert.Equal("l | me | <unknown>", Strategies.Row(Strategies.Create<V1Lease>("metadata: {name: l}\nspec: {holderIdentity: me}").Value));
    }
}
