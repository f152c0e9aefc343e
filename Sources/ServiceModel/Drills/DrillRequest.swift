/// What `drill run` is asked for.
public struct DrillRequest: Codable, Sendable {
    /// Of what and to which moment; it names no copy.
    public var restore: RestoreRequest
    public var assertions: [DrillAssertion] = []
    /// Where assertions are run, and where steps are led.
    public var database = "postgres"
    public var keepsCopy = false
    /// Seconds for each assertion and each step.
    public var timeLimit = 600.0
    public var isScheduled = false

    public init(_ restore: RestoreRequest) {
        self.restore = restore
    }
}
