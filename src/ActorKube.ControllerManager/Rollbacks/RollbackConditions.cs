namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>The condition by which a workload tells that it went back.</summary>
internal static class RollbackConditions
{
    /// <summary>True while the template is the one that a failed roll-out went back to.</summary>
    public const string Type = "RolledBack";
}
