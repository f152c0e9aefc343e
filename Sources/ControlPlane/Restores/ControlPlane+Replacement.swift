import Catalog
import GRDB
import Instance
import Platform
import PostgresFormat
import ServiceModel

/// An earlier copy that makes room for a newer one, with its lock: it is stopped, and its WAL is archived.
struct Replacement {
    let row: ServerRow
    /// Its firewall rules, which go with it.
    let rules: [FirewallRule]
    /// Whether it ran before.
    let didRun: Bool
    let lock: DirectoryLock
    let time: PostgresTimestamp
    var reason = Reason.newerCopy
    /// Whether the new one has the same files of tables: then nothing may start the old one again.
    var sharesFiles = false

    /// For what the old one makes room.
    enum Reason: Equatable {
        case newerCopy
        /// Itself, with a newer PostgreSQL.
        case upgrade(to: String)
    }
}

extension ServerRow {
    /// With the name and the address of another one.
    func inPlace(of old: ServerRow) -> ServerRow {
        var row = self
        (row.name, row.host, row.port) = (old.name, old.host, old.port)
        return row
    }
}

/// A restore that takes the place of an earlier copy.
///
/// The new one is built and proved beside it. Then both are stopped, and one transaction gives the name, the
/// address and the port to the new one and deletes the old one, whose backups stay as those of any deleted
/// server. Whatever ends the process: before that transaction the old one has the name, after it the new one.
extension ControlPlane {
    // MARK: Which one

    /// The copy that makes room; nil where nobody has the name, so that a script may run twice.
    func replaced(
        by request: RestoreRequest, source: ServerRow, for accepted: AcceptedWork? = nil
    ) throws -> ServerRow? {
        guard request.replaces, let name = request.name?.lowercased() else { return nil }
        try Self.validate(serverName: name)
        let own = try reservation(for: accepted)?.id ?? ""
        let found = try catalog.read {
            try ServerRow.filter(Column("name") == name).filter(Column("id") != own)
                .filter(Column("phase") != ServerPhase.dropped.rawValue).fetchOne($0)
        }
        guard let found else { return nil }
        guard found.resourceGroup.lowercased() == request.resourceGroup.lowercased() else {
            throw Problem(
                .serverNameAlreadyExists, "Specified server name is already used.",
                detail: "\(name), in the resource group '\(found.resourceGroup)'",
                hint: "Choose another name, or restore into that group with -g.")
        }
        try checkReplaced(found, source: source)
        return found
    }

    private func checkReplaced(_ old: ServerRow, source: ServerRow) throws {
        guard old.phase == .complete else {
            _ = try findComplete(ServerReference(resourceGroup: old.resourceGroup, name: old.name))
            return
        }
        func refusal(_ detail: String, _ hint: String) -> Problem {
            Problem(
                .operationNotSupported, "server '\(old.name)' cannot be replaced", detail: detail, hint: hint)
        }
        let origin = old.restoredFrom
        guard let origin, origin.sourceServerID == source.id else {
            throw refusal(
                origin.map { "it was restored from '\($0.sourceServer)', not from '\(source.name)'" }
                    ?? "it was not restored from another server",
                "Choose another name: only a copy of the same source is replaced.")
        }
        if let held = old.heldSince {
            throw refusal(
                "it is held since \(held)",
                "Choose another name; if it is not needed any more, 'pitr update -n \(old.name) --no-hold' first."
            )
        }
        let others = try rows(resourceGroup: nil, dropped: false).filter {
            $0.restoredFrom?.sourceServerID == old.id
        }
        if let other = others.first {
            throw refusal(
                "it is the source of '\(other.name)'", "Choose another name, or delete that one first.")
        }
        let isRead = try operations.operations(.init(states: OperationStore.Query.open, source: old.id))
            .contains(where: \.isAlive)
        if isRead { throw refusal("it is being restored from", "Wait until that has finished.") }
    }

    static func replacementNote(_ old: ServerRow, expires: Bool) -> String {
        let expiry = old.expiry.map { expiry in
            expires
                ? ""
                : " That one expires at \(expiry.time.wholeSeconds); the new one stays until it is deleted, unless "
                    + "--expires is given, now or with 'pitr update'."
        }
        return replacementNote(old) + (expiry ?? "")
    }

    private static func replacementNote(_ old: ServerRow) -> String {
        "It takes the place of the server '\(old.name)' with the id \(old.id), which is deleted when the new one "
            + "is complete, and can be revived for five days. Its firewall rules, parameters, tags and expiry are "
            + "not taken over."
    }

    /// Among an operation's details, the id of the server whose place is taken.
    static let replacedKey = "replacedServerId"

    /// What the new one is called until it is complete.
    static func interimName(_ name: String) -> String {
        "\(name.prefix(longestServerName - 13))-new-\(Identifiers.fresh().prefix(8))"
    }

    /// Gives a copy that was to replace another one the name at once: the other has gone since that was
    /// accepted. Any other copy has its name.
    func takeName(_ name: String, _ copy: ServerRow, for accepted: AcceptedWork?) throws -> ServerRow {
        guard copy.name != name else { return copy }
        let gate = try DirectoryLock.wait(paths.locks + "/names")
        defer { gate.release() }
        guard try !isTaken(name, for: accepted) else {
            throw Problem(
                .serverNameAlreadyExists, "Specified server name is already used.", detail: name,
                hint: "Choose another name; a restore never overwrites.")
        }
        return try update(copy.id) { $0.name = name }
    }

    // MARK: The change

    /// Stops both, and has the new one's files say the name and address that it will have.
    func makeRoom(for new: ServerRow, source: ServerRow, replacing old: ServerRow) throws -> Replacement {
        cancelBackups(of: old)
        let lock = try lockServer(old, seconds: 30)
        var isReady = false
        defer { if !isReady { lock.release() } }
        // Much may have happened to it meanwhile.
        guard let current = try catalog.read({ try ServerRow.fetchOne($0, key: old.id) }),
            current.phase == .complete, current.name == old.name
        else {
            throw Problem(
                .serverBusy, "server '\(old.name)' has gone while the new one was made",
                hint: "Give the command again.")
        }
        try checkReplaced(current, source: source)
        let replacement = Replacement(
            row: current, rules: try firewallRules(current.id), didRun: state(current) == .ready, lock: lock,
            time: clock.now())
        do {
            try keepEvidence(of: current)
            RestoreFaults.reached("replace: stop")
            try archiveTail(current)
            try instance(new).stop(.fast)
            RestoreFaults.reached("replace: configure")
            try configure(new)
        } catch {
            reopen(replacement)
            throw error
        }
        isReady = true
        return replacement
    }

    /// Nothing changed hands: the old one goes on.
    private func reopen(_ replacement: Replacement) {
        if replacement.didRun { try? instance(replacement.row).start() }
    }

    /// The transaction that completes a copy, and with a replacement gives it its place.
    func settle(_ replacement: Replacement?, by id: String, _ body: (Database) throws -> Void) throws {
        if replacement != nil { RestoreFaults.reached("replace: catalog") }
        do {
            try change(id, body)
        } catch {
            if let replacement {
                reopen(replacement)
                replacement.lock.release()
            }
            throw error
        }
    }

    /// As part of that transaction.
    func handOver(_ replacement: Replacement, to entry: inout ServerRow, in database: Database) throws {
        var old = replacement.row
        old.phase = .dropped
        old.shouldRun = false
        old.deletedAt = replacement.time
        try old.update(database)
        try describe(old.id, in: database)
        entry = entry.inPlace(of: old)
        let operation = RunningOperation(
            kind: .delete, server: old, startedAt: clock.now(), caller: caller.name)
        try activity(
            operation, status: .succeeded, properties: ["reason": Self.words(replacement.reason, entry)],
            failure: nil
        ).insert(database)
    }

    private static func words(_ reason: Replacement.Reason, _ new: ServerRow) -> String {
        switch reason {
        case .newerCopy: "a newer copy, with the id \(new.id), took its place"
        case .upgrade(let version):
            "it was upgraded to PostgreSQL \(version), with the id \(new.id)"
        }
    }

    /// Opens the new one in its place, and removes the old one's files when it runs.
    func complete(_ replacement: Replacement, by new: ServerRow) throws {
        defer { replacement.lock.release() }
        // As pg_upgrade does: PostgreSQL does not start without it. The files go in any case, in a moment.
        if replacement.sharesFiles {
            let control = paths.data(replacement.row.id) + "/global/pg_control"
            try? DurableFiles.rename(control, to: control + ".old")
        }
        RestoreFaults.reached("replace: start")
        var failure: Problem?
        do {
            try instance(new).start()
        } catch {
            failure = error
        }
        RestoreFaults.reached("replace: files")
        // What cannot be removed now, or may not yet, is removed by maintenance.
        if failure == nil { try? clearAway(replacement.row) }
        try? noteDeletion(
            of: replacement.row, at: replacement.time, because: Self.words(replacement.reason, new))
        guard let failure else { return }
        throw Problem(
            failure.code, "the new server has taken the place of '\(new.name)', and did not start",
            detail: failure.sentences + "\n" + wayBack(replacement),
            hint: "Look why, and start it with 'pitr start -n \(new.name)'.")
    }

    /// What there is of the old server while the new one does not run.
    private func wayBack(_ replacement: Replacement) -> String {
        let folder = paths.server(replacement.row.id)
        guard replacement.sharesFiles else {
            return "The files of the server before it stay until it runs: \(folder)"
        }
        return "It shares the files of the server before it, in \(folder): that one must not be started any "
            + "more. It comes back from its backups, with 'pitr revive-dropped --source-server "
            + "\(replacement.row.id) -n OTHER-NAME'"
    }

    /// Takes what the old one logged into its evidence, with its firewall rules, before both go.
    func clearAway(_ row: ServerRow) throws {
        try keepConnections(of: row)
        try removeFiles(of: row)
        try change(row.id) {
            _ = try FirewallRuleRow.filter(Column("serverID") == row.id).deleteAll($0)
        }
    }

    private func removeFiles(of row: ServerRow) throws {
        try removeLinkedWAL(row)
        try DurableFiles.removeTree(paths.server(row.id))
        try DurableFiles.removeTree(socketDirectory(row.id))
    }
}
