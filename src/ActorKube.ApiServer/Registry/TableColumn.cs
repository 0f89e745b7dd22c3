namespace ActorKube.ApiServer.Registry;

/// <summary>One column of what <c>kubectl get</c> prints.</summary>
/// <param name="Name">Heading, such as <c>Ready</c>; kubectl prints it in capitals.</param>
/// <param name="Type">OpenAPI type of the cells: <c>string</c>, <c>integer</c>, <c>boolean</c>, <c>date</c>.</param>
/// <param name="Format">OpenAPI format; <c>name</c> marks the column that names the object.</param>
/// <param name="Priority">0: always shown; above: only with <c>-o wide</c>.</param>
/// <param name="Description">What the column says.</param>
public sealed record TableColumn(string Name, string Type = "string", string Format = "", int Priority = 0, string Description = "")
{
    /// <summary>The first column of every table.</summary>
    public static TableColumn ObjectName { get; } = new("Name", "string", "name", 0, "Name must be unique within a namespace.");

    /// <summary>How old the object is, such as <c>5m</c>.</summary>
    public static TableColumn Age { get; } = new("Age", Description: "CreationTimestamp is a timestamp representing the server time when this object was created.");
}
