import ArgumentParser
import AzureAPI
import ControlPlane
import Platform
import ServiceModel

struct OperationCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operation", abstract: "What is waiting, what runs, and how it ended.",
        discussion: "Operations of this command line and of the API alike.",
        subcommands: [
            OperationListCommand.self, OperationShowCommand.self, OperationCancelCommand.self,
        ])
}

struct OperationListCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List operations that are not over, newest first.")

    @OptionGroup var global: GlobalOptions
    @Option(
        name: [.customShort("g"), .long], help: "Only this resource group.", completion: Completions.groups)
    var resourceGroup: String?
    @Flag(help: "Also those that are over.") var all = false

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        if let resourceGroup { try controlPlane.requireRecordedGroup(resourceGroup) }
        let operations = try controlPlane.listOperations(resourceGroup: resourceGroup, all: all)
        return try Report(
            operations.map(OperationDocument.init), ChildViews.operationColumns,
            operations.map(ChildViews.row))
    }
}

struct OperationShowCommand: PitrCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one operation.")

    @OptionGroup var global: GlobalOptions
    @Option(help: "The operation's id.") var id: String
    @OptionGroup var watching: WatchOption

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        guard watching.watch else { return try look(controlPlane).report }
        return try Watch.run(session) {
            var (report, operation) = try look(controlPlane)
            // Whoever waits for it wants to know by the status, too.
            if [.failed, .canceled].contains(operation.phase) {
                report.failure = Problem(
                    operation.errorCode.flatMap { ProblemCode(rawValue: $0) } ?? .system,
                    operation.errorMessage ?? "the operation was canceled")
            }
            return (report, operation.phase.isOver)
        }
    }

    private func look(_ controlPlane: ControlPlane) throws -> (report: Report, operation: OperationStatus) {
        guard let operation = try controlPlane.operationStatus(id) else {
            throw ControlPlane.operationNotFound(id)
        }
        let report = try Report(
            OperationDocument(operation), ChildViews.operationColumns, [ChildViews.row(operation)])
        return (report, operation)
    }
}

struct OperationCancelCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Call an operation off: what waits is not begun, what runs cleans up and ends.")

    @OptionGroup var global: GlobalOptions
    @Option(help: "The operation's id.") var id: String

    func execute(_ session: Session) throws -> Report {
        try session.controlPlane().cancelOperation(id)
        return .nothing
    }
}
