import Catalog
import Holdings
public import Planning
public import Platform
import Repository
public import ServiceModel

/// Checks of whole archives, whose last one is kept beside what was checked.
extension ControlPlane {
    /// Checks a server's whole archive, on both processors, and whether it has all that its backups need.
    public func verifyWAL(_ server: ServerReference) throws -> ArchiveReport {
        let row = try find(server, .kept)
        let report = try report(of: row)
        // Whoever asked gets the answer even where a full disk has no room for a note of it.
        try? note(report, of: row)
        return report
    }

    /// What the last check found, whoever asked for it; nil where there was none.
    public func lastVerification(of server: ServerReference) throws -> ArchiveVerdict? {
        ArchiveChecks(layout: layout(try find(server, .kept))).last()
    }

    /// - Throws: `.walDamaged` for an archive that is not whole; its note says all of it.
    func verifyWAL(_ server: ServerReference, for accepted: AcceptedWork) throws {
        let row = try find(server, .kept, for: accepted)
        try perform(.verifyWAL, server: row, for: accepted) { _ in
            let report = try report(of: row)
            try note(report, of: row)
            if let problem = Self.problem(of: report, server: row.name) { throw problem }
        }
    }

    /// Nil of an archive that is whole.
    public static func problem(of report: ArchiveReport, server: String) -> Problem? {
        guard !report.isSound else { return nil }
        return Problem(
            .walDamaged, "the archived WAL of \(server) is not whole", detail: report.findings.first,
            hint: "Times behind a gap or damage can be reached from the next backup on; take one now.")
    }

    func acceptVerification(_ server: ServerReference, _ caller: Caller) throws -> AcceptedOperation {
        let row = try find(server, .kept)
        let open = try openOperations().map(\.row)
        if let begun = open.first(where: { $0.kind == OperationKind.verifyWAL.name && $0.serverID == row.id })
        {
            throw Problem(
                .serverBusy, "the archive of \(row.name) is being checked already",
                detail: "by operation \(begun.id)",
                hint: "Follow it with 'pitr operation show --watch --id \(begun.id)'.")
        }
        var entry = Entry(.verifyWAL, row, .verifyWAL(server))
        entry.lane = "verify:\(row.id)"
        return try enter(entry, caller)
    }

    private func report(of row: ServerRow) throws -> ArchiveReport {
        // Nothing of it expires meanwhile.
        let pin = try DirectoryLock.wait(paths.pin(row.id), .shared)
        defer { pin.release() }
        return try reader(of: row).verifyArchive()
    }

    private func note(_ report: ArchiveReport, of row: ServerRow) throws {
        try ArchiveChecks(layout: layout(row)).note(ArchiveVerdict(report, at: clock.now()))
    }
}
