import Catalog
import GRDB
import Platform
import PostgresFormat
import ServiceModel

/// Copies whose time ends by itself: chosen, warned of, carried out.
///
/// They are deleted as by hand, and can be revived. It happens when the clock says so, and the machine has
/// been up for as long as was chosen, counted over its boots. Where its uptime is less, because the machine
/// was off or the clock was moved, the copy is marked and goes after a day of uptime for which it stays due.
extension ControlPlane {
    // MARK: Choosing

    /// As the catalog keeps it; nil for none.
    func expiry(_ requested: RequestedExpiry?, by caller: String) throws -> ServerExpiry? {
        let now = clock.now()
        let time: PostgresTimestamp
        switch requested {
        case nil, .never: return nil
        case .after(let seconds): time = now.advanced(bySeconds: seconds)
        case .at(let instant): time = instant
        }
        return ServerExpiry(
            time: time, chosenAt: now, caller: caller,
            countedUptime: Int64(try countedUptime().rounded(.down)))
    }

    func checkExpiry(_ row: ServerRow, _ request: UpdateServerRequest) throws(Problem) {
        guard request.expiry != nil || request.isHeld != nil, row.restoredFrom == nil else { return }
        throw Problem(
            .operationNotSupported, "server '\(row.name)' was not restored from another, and does not expire",
            hint: "Delete it with 'pitr delete -n \(row.name)' when it is no longer needed.")
    }

    /// What the catalog notes of a server and nothing in the server depends on.
    func changeNotes(_ row: ServerRow, _ request: UpdateServerRequest) throws {
        guard request.expiry != nil || request.isHeld != nil || request.maintenanceWindow != nil else {
            return
        }
        let expiry = try expiry(request.expiry, by: caller.name)
        let window = request.maintenanceWindow?.window
        let now = clock.now()
        try update(row.id) { row in
            if request.expiry != nil { row.expiry = expiry }
            if let isHeld = request.isHeld { row.heldSince = isHeld ? row.heldSince ?? now : nil }
            if request.maintenanceWindow != nil { row.maintenanceWindow = window }
        }
    }

    /// What the activity log tells of it.
    static func properties(_ request: UpdateServerRequest) -> [String: String] {
        var properties: [String: String] = [:]
        if let isHeld = request.isHeld { properties["hold"] = isHeld ? "true" : "false" }
        switch request.maintenanceWindow {
        case nil: break
        case .disabled: properties["maintenanceWindow"] = "Disabled"
        case .custom(let window): properties["maintenanceWindow"] = window.description
        }
        switch request.expiry {
        case nil: break
        case .after(let seconds): properties["expires"] = "after \(seconds) s"
        case .at(let instant): properties["expires"] = instant.description
        case .never: properties["expires"] = "never"
        }
        return properties
    }

    // MARK: Telling

    func expiryState(_ row: ServerRow) throws -> ExpiryState? {
        guard row.phase == .complete, let expiry = row.expiry else { return nil }
        let now = clock.now()
        let isOver = now >= expiry.time
        let wait =
            try !isOver
            ? 0
            : min(
                expiry.missingUptime(counted: countedUptime()),
                missingUptime(Self.mark(expiry), of: Self.owner(row)))
        return ExpiryState(
            time: expiry.time, secondsLeft: expiry.secondsLeft(at: now), isOver: isOver, waitSeconds: wait)
    }

    /// What a restore says of the copy's end besides its time.
    func expiryNotes(_ server: ServerDetails) -> [String] {
        guard server.expiry != nil, server.heldSince == nil, (try? isDispatched()) != true else { return [] }
        return [
            "Nothing deletes the copy by itself at that time while 'pitr serve' does not run: the next "
                + "'pitr maintain' after it does."
        ]
    }

    func expiryFinding(_ row: ServerRow) throws -> DoctorFinding? {
        guard row.heldSince == nil, let state = try expiryState(row), state.secondsLeft <= 86_400 else {
            return nil
        }
        return DoctorFinding(
            level: .warning, subject: "server \(row.name)",
            message: state.isOver
                ? "its time was over at \(state.time); \(state.waitWords)"
                : "is deleted at \(state.time), in \(ExpiryState.words(seconds: state.secondsLeft))",
            remedy: "'pitr update -n \(row.name) --hold' keeps it, '--expires 7d' gives it more time.")
    }

    // MARK: Carrying out

    private static func owner(_ row: ServerRow) -> String { "expiry/\(row.id)" }
    /// Another time is marked anew.
    private static func mark(_ expiry: ServerExpiry) -> String { expiry.time.description }

    /// Warns of a copy's end, or deletes the copy whose time is over.
    func expireServer(_ row: ServerRow, _ time: ExpiryTime) throws -> [MaintenanceAction] {
        guard let expiry = row.expiry else { return [] }
        let isDue = time.now >= expiry.time && row.heldSince == nil
        let missing = expiry.missingUptime(counted: try countedUptime())
        let (ripe, waiting) = try ripe(
            isDue ? [Self.mark(expiry)] : [], of: Self.owner(row), time, longest: missing
        ) { _, words in
            MaintenanceAction(
                server: row.name, action: "expire-server", subject: row.name,
                reason: "\(expiry.reason); \(words)", outcome: time.dryRun ? .planned : .marked)
        }
        guard isDue else { return try warn(of: expiry, row, time) }
        guard missing == 0 || !ripe.isEmpty else { return waiting }
        var action = act(row.name, "expire-server", row.name, expiry.reason, dryRun: true) {}
        guard !time.dryRun else { return [action] }
        do {
            action.outcome = try delete(expired: row) ? .done : .passedOver
        } catch let problem as Problem where problem.code == .serverBusy {
            action.outcome = .passedOver
        } catch {
            action.outcome = .failed(Self.problem(from: error).message)
        }
        return [action]
    }

    /// Answers whether the server was deleted: meanwhile somebody may have given it more time.
    private func delete(expired row: ServerRow) throws -> Bool {
        guard let lock = try DirectoryLock.attempt(paths.serverLock(row.id)) else { return false }
        defer { lock.release() }
        guard let current = try catalog.read({ try ServerRow.fetchOne($0, key: row.id) }),
            current.phase == .complete, current.expiry == row.expiry, current.heldSince == nil,
            let expiry = current.expiry
        else { return false }
        try delete(current, for: expiry)
        return true
    }

    private func warn(of expiry: ServerExpiry, _ row: ServerRow, _ time: ExpiryTime) throws
        -> [MaintenanceAction]
    {
        guard row.heldSince == nil, let due = expiry.dueWarning(at: time.now) else { return [] }
        let left = ExpiryState.words(seconds: expiry.secondsLeft(at: time.now))
        let words = "it is deleted at \(expiry.time), in \(left)"
        return [
            act(row.name, "warn-expiry", row.name, words, dryRun: time.dryRun) {
                try note(warning: words, due, of: expiry, row)
            }
        ]
    }

    private func note(warning words: String, _ due: Int64, of expiry: ServerExpiry, _ row: ServerRow) throws {
        let operation = RunningOperation(
            kind: .expiryWarning, server: row, startedAt: clock.now(), caller: caller.name)
        var event = activity(
            operation, status: .succeeded, properties: ["expires": expiry.time.description], failure: nil)
        event.statusMessage = words
        let warning = event
        var warned = expiry
        warned.warned = due
        let marked = warned
        try change(row.id) { database in
            guard var current = try ServerRow.fetchOne(database, key: row.id), current.expiry == row.expiry
            else { return }
            current.expiry = marked
            try current.update(database)
            try warning.insert(database)
        }
    }
}
