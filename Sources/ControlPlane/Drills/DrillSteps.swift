public import Platform
public import ServiceModel

/// Where a step finds the copy.
public struct DrillStepTarget: Codable, Hashable, Sendable {
    public var host: String
    public var port: Int
    public var login: String
    public var database: String
    public var password: String
    public var rootCertificate: String
    /// The copy's name.
    public var copy: String
    public var timeLimit: Double
}

/// How a step's command ended.
public struct DrillStepEnd: Codable, Hashable, Sendable {
    /// 128 + n where signal n ended it.
    public var exitStatus: Int32
    public var isTimedOut: Bool
    /// What it printed, output and errors as they came; the middle is left out where it is long.
    public var output: String
    public var omittedBytes: Int

    public init(exitStatus: Int32, isTimedOut: Bool, output: String, omittedBytes: Int) {
        self.exitStatus = exitStatus
        self.isTimedOut = isTimedOut
        self.output = output
        self.omittedBytes = omittedBytes
    }
}

/// Runs a person's commands with that person's rights; those of a schedule with the rights of the servers'
/// account.
public protocol DrillSteps {
    var names: [String] { get }

    /// Throws `.canceled`, and `.system` where the command could not be run.
    func run(_ number: Int, _ target: DrillStepTarget) throws(Problem) -> DrillStepEnd

    /// Ends what runs them.
    func close()
}

/// Prepares the steps of a schedule.
public typealias DrillStepsMaker = @Sendable ([DrillCommand]) throws -> any DrillSteps
