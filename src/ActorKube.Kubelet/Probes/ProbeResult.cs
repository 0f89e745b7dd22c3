namespace ActorKube.Kubelet.Probes;

/// <summary>What one probe said.</summary>
internal enum ProbeOutcome
{
    Success,
    Failure,

    /// <summary>The probe could not be carried out; it counts for nothing.</summary>
    Unknown,
}

/// <summary>The outcome of a probe and the sentence that goes with it.</summary>
internal sealed record ProbeResult(ProbeOutcome Outcome, string Output)
{
    public bool Passed => Outcome == ProbeOutcome.Success;

    public static ProbeResult Success(string output = "") => new(ProbeOutcome.Success, output);

    public static ProbeResult Failure(string output) => new(ProbeOutcome.Failure, output);

    public static ProbeResult Unknown(string output) => new(ProbeOutcome.Unknown, output);
}

/// <summary>The three kinds of probes.</summary>
internal enum ProbeKind
{
    Startup,
    Readiness,
    Liveness,
}
