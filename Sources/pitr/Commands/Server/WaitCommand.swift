import ArgumentParser
import ControlPlane
import Foundation
import Platform
import ServiceModel

struct WaitCommand: PitrCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until a server is in some state.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var server: ServerOptions
    @Flag(help: "Until it is made and Ready.") var created = false
    @Flag(help: "Until it is Ready again.") var updated = false
    @Flag(help: "Until it is gone.") var deleted = false
    @Flag(help: "Until it is there, in whatever state.") var exists = false
    @Option(help: "Seconds between two looks.") var interval = 30
    @Option(help: "Seconds after which to give up.") var timeout = 3600
    @Option(help: .hidden) var custom: String?

    func validate() throws {
        if custom != nil {
            throw ValidationError(
                "--custom needs a query language that is not built in; see --created and --exists")
        }
        if [created, updated, deleted, exists].filter({ $0 }).count != 1 {
            throw ValidationError("give one of --created, --updated, --deleted, --exists")
        }
        if interval < 1 || timeout < 1 { throw ValidationError("--interval and --timeout are at least 1") }
    }

    func execute(_ session: Session) throws -> Report {
        let controlPlane = try session.controlPlane()
        // A group that goes away while its servers are waited for is their end; one that was never there is a
        // slip of the hand.
        try controlPlane.requireGroup(server.group.resourceGroup)
        let watch = Stopwatch()
        while !isReached(try state(in: controlPlane)) {
            let look = min(watch.seconds + Double(interval), Double(timeout))
            while watch.seconds < look {
                try Interruption.flag.check()
                Thread.sleep(forTimeInterval: 0.1)
            }
            if watch.seconds >= Double(timeout) {
                throw Problem(.system, "the wait timed out after \(timeout) seconds")
            }
        }
        return .nothing
    }

    /// Nil when there is no such server.
    private func state(in controlPlane: ControlPlane) throws -> ServerState? {
        do {
            return try controlPlane.showServer(server.reference).state
        } catch let problem as Problem where problem.code.exitStatus == 3 {
            return nil
        }
    }

    func isReached(_ state: ServerState?) -> Bool {
        if deleted { return state == nil || state == .dropped }
        return exists ? state != nil : state == .ready
    }
}
