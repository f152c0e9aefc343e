import Catalog
import GRDB
import Platform
import ServiceModel

/// What is left to do of a replacement whose process was ended, by what the catalog and the files tell.
///
/// Both servers are stopped for a moment, and the old one's files go last: whichever has the name runs again.
struct InterruptedReplacement: Equatable {
    enum Step: Equatable {
        case startOld, startNew
        case removeOldFiles
    }

    /// A server of the two.
    struct Side: Equatable {
        var phase: ServerPhase
        var shouldRun: Bool
        var runs: Bool

        var isMissed: Bool { phase == .complete && shouldRun && !runs }
    }

    var old: Side
    /// Nil where it was discarded, or has been deleted since.
    var new: Side?
    var hasOldFiles: Bool

    /// Whether the old one's files are not needed: the new one runs, is started first, or has gone. One that
    /// was stopped may be one that has never run.
    private var isSettled: Bool {
        guard let new, new.phase == .complete else { return true }
        return new.runs || new.isMissed
    }

    /// In this order.
    var steps: [Step] {
        guard old.phase == .dropped else { return old.isMissed ? [.startOld] : [] }
        let first: [Step] = new?.isMissed == true ? [.startNew] : []
        return hasOldFiles && isSettled ? first + [.removeOldFiles] : first
    }
}

extension ControlPlane {
    /// Ends the exchange that an operation was in the middle of, if it was in one.
    func settleReplacement(of operation: OperationRow) throws {
        guard let id = operation.details[Self.replacedKey],
            let old = try catalog.read({ try ServerRow.fetchOne($0, key: id) })
        else { return }
        // An upgrade that was accepted names the server that it found.
        let successor = operation.details[Self.replacingKey] ?? operation.serverID
        let new = try catalog.read { try ServerRow.fetchOne($0, key: successor) }
        guard let lock = try DirectoryLock.attempt(paths.serverLock(old.id)) else { return }
        defer { lock.release() }
        try settleReplacement(old, by: new)
    }

    /// As part of maintenance: exchanges that were cut short after the catalog knew of them.
    func leftoverReplacements(dryRun: Bool) throws -> [MaintenanceAction] {
        var actions: [MaintenanceAction] = []
        for old in try rows(resourceGroup: nil, dropped: true)
        where DurableFiles.status(paths.server(old.id)) != nil {
            guard let lock = try DirectoryLock.attempt(paths.serverLock(old.id)) else { continue }
            defer { lock.release() }
            // Its address may have been changed since, to get it to start.
            let new = try rows(resourceGroup: nil, dropped: false).first { $0.name == old.name }
            if interrupted(old, by: new).steps.isEmpty { continue }
            actions.append(
                act(
                    old.name, "remove-leftover", "servers/\(old.id)",
                    "a newer copy took its place, and that was cut short", dryRun: dryRun
                ) { try settleReplacement(old, by: new) })
        }
        return actions
    }

    /// - Parameter old: whose lock is held.
    private func settleReplacement(_ old: ServerRow, by new: ServerRow?) throws {
        for step in interrupted(old, by: new).steps {
            switch step {
            case .startOld: try perform(.start, server: old, for: nil) { _ in try bringUp(old) }
            case .startNew: try new.map(startAgain)
            case .removeOldFiles: try clearAway(old)
            }
        }
    }

    private func interrupted(_ old: ServerRow, by new: ServerRow?) -> InterruptedReplacement {
        func side(_ row: ServerRow) -> InterruptedReplacement.Side {
            InterruptedReplacement.Side(
                phase: row.phase, shouldRun: row.shouldRun, runs: state(row) == .ready)
        }
        return InterruptedReplacement(
            old: side(old), new: new.map(side), hasOldFiles: DurableFiles.status(paths.server(old.id)) != nil)
    }

    private func startAgain(_ new: ServerRow) throws {
        let lock = try lockServer(new)
        defer { lock.release() }
        // Somebody may have started it by its name meanwhile.
        guard state(new) != .ready else { return }
        try perform(.start, server: new, for: nil) { _ in try bringUp(new) }
    }
}
