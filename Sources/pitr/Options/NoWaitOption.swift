import ArgumentParser
import ControlPlane
import Platform
import ServiceModel

/// az's `--no-wait`: the work is accepted, and a daemon carries it on after the command has ended.
struct NoWaitOption: ParsableArguments {
    @Flag(help: "Return at once; 'pitr serve', which must run, does the work.")
    var noWait = false

    /// Has the daemon do it, and says how to follow it.
    func accept(_ request: OperationRequest, _ controlPlane: ControlPlane, _ session: Session) throws
        -> Report
    {
        guard try controlPlane.isDispatched() else {
            throw Problem(
                .operationNotSupported,
                "--no-wait needs the daemon: nothing would carry the work on after the command has ended",
                hint: "Start it with 'pitr serve', or leave --no-wait out.")
        }
        let operation = try controlPlane.accept(request, caller: controlPlane.caller)
        session.messages.note("Accepted. Follow it with 'pitr operation show --watch --id \(operation.id)'.")
        return .nothing
    }
}
