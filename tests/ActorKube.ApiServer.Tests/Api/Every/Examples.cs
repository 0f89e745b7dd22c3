using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;

namespace ActorKube.ApiServer.Tests.Api.Every;

/// <summary>A small valid object of every kind that is stored.</summary>
internal static class Examples
{
    private const string Template = """{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"i:1","ports":[{"containerPort":80}]}]}}""";
    private const string JobTemplate = """{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i:1"}]}}}}""";
    private const string Match = """{"resourceRules":[{"apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["deployments"]}]}""";
    private const string Hook = """{"name":"a.example.com","sideEffects":"None","admissionReviewVersions":["v1"],"clientConfig":{"url":"https://127.0.0.1:1/x"},"failurePolicy":"Ignore","rules":[{"apiGroups":["none.example.com"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["nones"]}]}""";

    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["configmaps"] = """{"data":{"k":"v","ä":"ö\n"},"binaryData":{"b":"AP8="}}""".Replace("ä", "a", StringComparison.Ordinal),
        ["endpoints"] = """{"subsets":[{"addresses":[{"ip":"10.9.8.7"}],"ports":[{"port":80,"name":"http"}]}]}""",
        ["events"] = """{"involvedObject":{"kind":"Pod","name":"p","namespace":"{ns}"},"reason":"Tested","message":"m","type":"Normal","firstTimestamp":"2026-01-02T03:04:05Z"}""",
        ["events.events.k8s.io"] = """{"regarding":{"kind":"Pod","name":"p","namespace":"{ns}"},"reason":"Tested","note":"m","type":"Normal","eventTime":"2026-01-02T03:04:05.000006Z","reportingController":"example.com/test","reportingInstance":"t-1","action":"Test"}""",
        ["limitranges"] = """{"spec":{"limits":[{"type":"Container","default":{"cpu":"500m"},"defaultRequest":{"cpu":"0.1"}}]}}""",
        ["namespaces"] = "{}",
        ["nodes"] = """{"spec":{"taints":[{"key":"a","effect":"NoSchedule"}]}}""",
        ["persistentvolumeclaims"] = """{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"storageClassName":""}}""",
        ["persistentvolumes"] = """{"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/tmp/x"}}}""",
        ["pods"] = """{"spec":{"containers":[{"name":"c","image":"i:1","livenessProbe":{"httpGet":{"port":8080}},"resources":{"limits":{"cpu":"1","memory":"64Mi"}}}]}}""",
        ["podtemplates"] = $$$$$"""{"template":{{{{{Template}}}}}}""",
        ["replicationcontrollers"] = $$$$$"""{"spec":{"replicas":0,"selector":{"app":"a"},"template":{{{{{Template}}}}}}}""",
        ["resourcequotas"] = """{"spec":{"hard":{"configmaps":"1k"}}}""",
        ["secrets"] = """{"type":"Opaque","stringData":{"k":"v"}}""",
        ["serviceaccounts"] = """{"automountServiceAccountToken":false}""",
        ["services"] = """{"spec":{"selector":{"app":"a"},"ports":[{"port":80,"targetPort":"http"}]}}""",
        ["apiservices.apiregistration.k8s.io"] = """{"spec":{"group":"{name}.example.com","version":"v1","groupPriorityMinimum":100,"versionPriority":10,"insecureSkipTLSVerify":true,"service":{"name":"none","namespace":"default"}}}""",
        ["controllerrevisions.apps"] = """{"revision":1,"data":{"spec":{"x":[1,"two"]}}}""",
        ["daemonsets.apps"] = $$$$$"""{"spec":{"selector":{"matchLabels":{"app":"a"}},"template":{{{{{Template}}}}}}}""",
        ["deployments.apps"] = $$$$$"""{"spec":{"replicas":0,"selector":{"matchLabels":{"app":"a"}},"strategy":{"rollingUpdate":{"maxSurge":"30%","maxUnavailable":0}},"template":{{{{{Template}}}}}}}""",
        ["replicasets.apps"] = $$$$$"""{"spec":{"replicas":0,"selector":{"matchLabels":{"app":"a"}},"template":{{{{{Template}}}}}}}""",
        ["statefulsets.apps"] = $$$$$"""{"spec":{"replicas":0,"serviceName":"s","selector":{"matchLabels":{"app":"a"}},"template":{{{{{Template}}}}}}}""",
        ["horizontalpodautoscalers.autoscaling"] = """{"spec":{"maxReplicas":3,"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"a"}}}""",
        ["cronjobs.batch"] = $$$$$"""{"spec":{"schedule":"*/5 * * * *","suspend":true,"jobTemplate":{{{{{JobTemplate}}}}}}}""",
        ["jobs.batch"] = $$$$$"""{"spec":{"suspend":true,"template":{{{{{JsonNode.Parse(JobTemplate)!["spec"]!["template"]!.ToJsonString()}}}}}}}""",
        ["certificatesigningrequests.certificates.k8s.io"] = $$$$$"""{"spec":{"request":"{{{{{Request()}}}}}","signerName":"example.com/test","usages":["client auth"]}}""",
        ["ingressclasses.networking.k8s.io"] = """{"spec":{"controller":"example.com/c","parameters":{"apiGroup":"example.com","kind":"P","name":"p"}}}""",
        ["ingresses.networking.k8s.io"] = """{"spec":{"rules":[{"host":"a.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"s","port":{"number":80}}}}]}}]}}""",
        ["ipaddresses.networking.k8s.io"] = """{"spec":{"parentRef":{"group":"","resource":"services","namespace":"default","name":"x"}}}""",
        ["networkpolicies.networking.k8s.io"] = """{"spec":{"podSelector":{},"ingress":[{"ports":[{"port":80}],"from":[{"ipBlock":{"cidr":"10.0.0.0/8"}}]}]}}""",
        ["servicecidrs.networking.k8s.io"] = """{"spec":{"cidrs":["10.97.0.0/24"]}}""",
        ["poddisruptionbudgets.policy"] = """{"spec":{"minAvailable":"50%","selector":{"matchLabels":{"app":"a"}}}}""",
        ["clusterrolebindings.rbac.authorization.k8s.io"] = """{"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},"subjects":[{"kind":"User","name":"u"}]}""",
        ["clusterroles.rbac.authorization.k8s.io"] = """{"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]},{"nonResourceURLs":["/x"],"verbs":["get"]}]}""",
        ["rolebindings.rbac.authorization.k8s.io"] = """{"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"a","namespace":"default"}]}""",
        ["roles.rbac.authorization.k8s.io"] = """{"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}""",
        ["csidrivers.storage.k8s.io"] = """{"spec":{"attachRequired":false,"tokenRequests":[{"audience":"a"}]}}""",
        ["csinodes.storage.k8s.io"] = """{"spec":{"drivers":[{"name":"d.example.com","nodeID":"n","topologyKeys":["a/b"],"allocatable":{"count":0}}]}}""",
        ["csistoragecapacities.storage.k8s.io"] = """{"storageClassName":"s","capacity":"10Gi","nodeTopology":{"matchLabels":{"a":"b"}}}""",
        ["storageclasses.storage.k8s.io"] = """{"provisioner":"example.com/p","parameters":{"a":"b"}}""",
        ["volumeattachments.storage.k8s.io"] = """{"spec":{"attacher":"d.example.com","nodeName":"n","source":{"persistentVolumeName":"v"}}}""",
        ["volumeattributesclasses.storage.k8s.io"] = """{"driverName":"d.example.com","parameters":{"iops":"1"}}""",
        ["mutatingadmissionpolicies.admissionregistration.k8s.io"] = $$$$$"""{"spec":{"matchConstraints":{{{{{Match.Replace("apps", "none.example.com", StringComparison.Ordinal)}}}}},"reinvocationPolicy":"Never","mutations":[{"patchType":"JSONPatch","jsonPatch":{"expression":"[]"}}]}}""",
        ["mutatingadmissionpolicybindings.admissionregistration.k8s.io"] = """{"spec":{"policyName":"none"}}""",
        ["mutatingwebhookconfigurations.admissionregistration.k8s.io"] = $$$$$"""{"webhooks":[{{{{{Hook}}}}}]}""",
        ["validatingadmissionpolicies.admissionregistration.k8s.io"] = $$$$$"""{"spec":{"matchConstraints":{{{{{Match.Replace("apps", "none.example.com", StringComparison.Ordinal)}}}}},"validations":[{"expression":"true"}]}}""",
        ["validatingadmissionpolicybindings.admissionregistration.k8s.io"] = """{"spec":{"policyName":"none","validationActions":["Deny"]}}""",
        ["validatingwebhookconfigurations.admissionregistration.k8s.io"] = $$$$$"""{"webhooks":[{{{{{Hook}}}}}]}""",
        ["customresourcedefinitions.apiextensions.k8s.io"] = """{"spec":{"group":"{plural}.example.com","scope":"Namespaced","names":{"plural":"{plural}","singular":"{plural}x","kind":"X{plural}","listKind":"X{plural}List"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}}""",
        ["priorityclasses.scheduling.k8s.io"] = """{"value":7,"description":"d"}""",
        ["leases.coordination.k8s.io"] = """{"spec":{"holderIdentity":"h","leaseDurationSeconds":15,"renewTime":"2026-01-02T03:04:05.000006Z"}}""",
        ["runtimeclasses.node.k8s.io"] = """{"handler":"h"}""",
        ["endpointslices.discovery.k8s.io"] = """{"addressType":"IPv4","endpoints":[{"addresses":["10.1.2.3"],"conditions":{"ready":true}}],"ports":[{"port":80,"name":"http"}]}""",
        ["deviceclasses.resource.k8s.io"] = """{"spec":{"selectors":[{"cel":{"expression":"true"}}]}}""",
        ["resourceclaims.resource.k8s.io"] = """{"spec":{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"c"}}]}}}""",
        ["resourceclaimtemplates.resource.k8s.io"] = """{"spec":{"spec":{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"c"}}]}}}}""",
        ["resourceslices.resource.k8s.io"] = """{"spec":{"driver":"d.example.com","nodeName":"n","pool":{"name":"p","generation":1,"resourceSliceCount":1},"devices":[{"name":"d"}]}}""",
        ["flowschemas.flowcontrol.apiserver.k8s.io"] = """{"spec":{"priorityLevelConfiguration":{"name":"l"},"rules":[{"subjects":[{"kind":"User","user":{"name":"u"}}],"nonResourceRules":[{"verbs":["get"],"nonResourceURLs":["/x"]}]}]}}""",
        ["prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"] = """{"spec":{"type":"Limited","limited":{"limitResponse":{"type":"Queue","queuing":{}}}}}""",
    };

    /// <summary>The kinds that are stored and may be created.</summary>
    public static IEnumerable<ResourceKind> Kinds => KindRegistry.BuiltIn.All.Where(k => k.IsStored && k.Allows("create") && k.ClrType is not null);

    /// <summary>Kinds without an example: there should be none.</summary>
    public static IEnumerable<string> Missing => Kinds.Select(k => k.GroupResource).Except(Bodies.Keys);

    /// <summary>A name that the kind takes.</summary>
    public static string Name(ResourceKind kind, string tag) => kind.GroupResource switch
    {
        "ipaddresses.networking.k8s.io" => $"10.96.77.{100 + tag[0] - 'a'}",
        "apiservices.apiregistration.k8s.io" => $"v1.{tag}.example.com",
        "customresourcedefinitions.apiextensions.k8s.io" => $"{tag}s.{tag}s.example.com",
        _ => $"every-{tag}",
    };

    /// <summary>The kind's example under a name.</summary>
    public static JsonObject Of(ResourceKind kind, string ns, string tag)
    {
        var body = (JsonObject)JsonNode.Parse(Bodies[kind.GroupResource]
            .Replace("{ns}", ns, StringComparison.Ordinal).Replace("{name}", tag, StringComparison.Ordinal).Replace("{plural}", tag + "s", StringComparison.Ordinal))!;
        (body["apiVersion"], body["kind"]) = (kind.ApiVersion, kind.Kind);
        body["metadata"] = new JsonObject { ["name"] = Name(kind, tag), ["labels"] = new JsonObject { ["every"] = "yes", ["tag"] = tag } };
        if (kind.Namespaced)
        {
            body["metadata"]!["namespace"] = ns;
        }

        return body;
    }

    private static string Request()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(new CertificateRequest("CN=every", key, HashAlgorithmName.SHA256).CreateSigningRequestPem()));
    }
}
