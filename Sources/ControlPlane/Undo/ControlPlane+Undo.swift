import Catalog
import Holdings
import Instance
import Planning
import Platform
import PostgresClient
import PostgresFormat
import Repair

/// Taking one transaction back: its rows are read in copies, judged, and written into a script.
///
/// The source is never written, and not read either but for its WAL.
extension ControlPlane {
    public func undo(_ request: UndoRequest) throws -> UndoResult {
        let asked = RestoreRequest(
            resourceGroup: request.resourceGroup, sourceServer: request.sourceServer, target: request.target)
        let source = try source(of: asked)
        return try perform(
            .undo, server: source, source: source.id, properties: ["target": request.target.logWords]
        ) { operation in
            defer { removeOperationFolder(operation.id) }
            return try undo(request, source, operation)
        }
    }

    private func undo(
        _ request: UndoRequest, _ source: ServerRow, _ operation: RunningOperation
    ) throws -> UndoResult {
        var steps = StepTimes()
        let moments = try steps.time("plan") { try UndoMoments(self, request, source) }
        defer { moments.release() }
        let (footprint, touched) = try steps.time("read WAL") { try moments.footprint(cancellation) }
        let room = try diskRoom(paths.operations)
        let bytes = moments.all.map(\.planned.plan.leastBytes).reduce(0, +)
        try room.require(bytes, for: "three temporary copies")
        var copies: [PrivateCopy] = []
        defer { copies.forEach { $0.remove() } }
        for (role, prepared) in zip(["before", "after", "now"], moments.all) {
            copies.append(
                try steps.time("copy of \(role)") { try makePrivateCopy(prepared, role, operation) })
        }
        let database = try Self.database(of: footprint, copies[0])
        var plan = moments.plan(database: database.name, end: copies[2].end)
        let wanted = try request.tables.map { try TableWord($0) }
        if let number = database.number {
            let connections = UndoCopies(
                before: try copies[0].connect(database.name), after: try copies[1].connect(database.name),
                now: try copies[2].connect(database.name))
            try steps.time("compare") {
                let between = CopiesBetween(self, request, source, operation, database.name)
                defer { between.remove() }
                let reading = try UndoReader(
                    connections, footprint.keeping(database: number), touched: touched,
                    isStrict: request.isStrict,
                    wants: { name in wanted.isEmpty || wanted.contains { $0.matches(name) } },
                    moments: between.session
                ).read()
                plan.tables = reading.tables
                plan.leftOut = reading.leftOut
            }
        }
        var script = RepairScript(plan, request.conflicts)
        if !script.isStopped, script.count > 0 {
            try steps.time("try") {
                while try forbid(&plan, script, on: copies[2], database.name) {
                    script = RepairScript(plan, request.conflicts)
                    if script.isStopped || script.count == 0 { break }
                }
            }
        }
        var proof = UndoResult.Proof.none
        if script.isStopped {
            proof = .stopped
        } else if request.proves, !request.isPreview, script.count > 0 {
            try steps.time("prove") {
                try prove(script, on: copies[2], database.name, folder: paths.operation(operation.id))
            }
            proof = .passed
        }
        return UndoResult(
            plan: plan, rule: request.conflicts,
            script: script.text(proof == .passed ? .passed : .none), writes: script.count, proof: proof,
            operationID: operation.id, steps: steps.steps, notes: moments.notes(copies))
    }

    /// A transaction changes rows of one database.
    private static func database(
        of footprint: TransactionFootprint, _ copy: PrivateCopy
    ) throws -> (name: String, number: ObjectID?) {
        let numbers = footprint.relations.filter { !$0.value.isEmpty }.keys.map(\.database)
            .filter { $0 != .none }
        guard let number = numbers.first else { return ("postgres", nil) }
        let name = try copy.connect("postgres").query(
            "SELECT datname FROM pg_database WHERE oid = $1::oid", [number.description]
        ).scalar
        guard let name else {
            throw Problem(
                .resourceNotFound, "the transaction's database is not there just before its commit",
                hint: "It made the database itself, or dropped it: a copy from before has it.")
        }
        return (name, number)
    }

    /// Tries the script on the copy of now, and takes it back; where PostgreSQL refuses it, row by row. What
    /// the tables do not admit by now is a conflict.
    ///
    /// - Returns: whether there were such rows.
    private func forbid(
        _ plan: inout UndoPlan, _ script: RepairScript, on copy: PrivateCopy, _ database: String
    ) throws -> Bool {
        let connection = try copy.connect(database)
        defer { connection.close() }
        try connection.execute(CanonicalText.settings(local: false))
        try connection.execute("BEGIN; SET CONSTRAINTS ALL IMMEDIATE")
        for table in script.tables where !table.shape.triggers.isEmpty {
            try connection.execute("ALTER TABLE \(table.shape.name.sql) DISABLE TRIGGER USER")
        }
        try connection.execute("SAVEPOINT whole")
        do {
            for statement in script.statementTexts {
                try cancellation.check()
                try connection.execute(statement)
            }
            return false
        } catch {
            guard error.code == .queryFailed, connection.isOpen else { throw error }
        }
        try connection.execute("ROLLBACK TO whole")
        var isChanged = false
        for trial in script.trials() {
            try cancellation.check()
            try connection.execute("SAVEPOINT one")
            do {
                try connection.execute(trial.statement)
            } catch {
                let failure = connection.lastFailure
                guard let failure, connection.isOpen else { throw error }
                try connection.execute("ROLLBACK TO one")
                plan.forbid(trial.rows, of: trial.table, because: failure.message)
                isChanged = true
            }
        }
        return isChanged
    }

    // MARK: The proof

    /// Runs the script twice on the copy of now, and compares what the copy's WAL tells with the plan.
    private func prove(
        _ script: RepairScript, on copy: PrivateCopy, _ database: String, folder: String
    ) throws {
        let path = folder + "/repair.sql"
        try DurableFiles.write(Array(script.text(.none).utf8), to: path, durable: false)
        let connection = try copy.connect(database)
        try connection.execute(CanonicalText.settings(local: false))
        for table in script.tables where !table.shape.triggers.isEmpty {
            try connection.execute("ALTER TABLE \(table.shape.name.sql) DISABLE TRIGGER USER")
        }
        let first = try run(path, on: copy, database, connection)
        let differences = try ScriptProof(connection, script.tables).differences(
            try work(copy, from: first.begin, to: first.end))
        guard differences.isEmpty else { throw Self.unproved(differences) }
        let second = try run(path, on: copy, database, connection, isSecond: true)
        let again = try work(copy, from: second.begin, to: second.end)
        guard again.footprint == nil, again.strangers.isEmpty else {
            throw Self.unproved(["a second run changed rows again"])
        }
    }

    private static func unproved(_ reasons: [String]) -> Problem {
        Problem(
            .recoveryFailed, "the script did not do what was planned on a copy of now",
            detail: reasons.prefix(20).joined(separator: "\n"),
            hint: "No script is written. Please report this; --preview shows the rows.")
    }

    private func run(
        _ path: String, on copy: PrivateCopy, _ database: String, _ connection: Connection,
        isSecond: Bool = false
    ) throws -> (begin: LSN, end: LSN) {
        let begin = try Self.position(connection)
        let parameters = try copy.server.connectionParameters(database: database)
        let result = try runner.run(
            Command(
                copy.server.installation.tool("psql"),
                [
                    "-X", "-h", parameters.host, "-p", String(parameters.port), "-U", parameters.user, "-d",
                    database, "-f", path,
                ], workingDirectory: "/", timeoutSeconds: 3600))
        guard result.succeeded else {
            throw Problem(
                .recoveryFailed,
                isSecond
                    ? "the script fails when it is run a second time"
                    : "the table as it is now does not take the old rows back", detail: result.words,
                hint: "No script is written. --preview shows the rows, --table leaves tables out.")
        }
        let end = try Self.position(connection)
        // What is not full is written out by this.
        _ = try connection.query("SELECT pg_switch_wal()")
        return (begin, end)
    }

    private static func position(_ connection: Connection) throws -> LSN {
        guard let text = try connection.query("SELECT pg_current_wal_insert_lsn()::text").scalar,
            let position = LSN(text)
        else { throw Problem(.queryFailed, "the copy does not tell its WAL position") }
        return position
    }

    private func work(_ copy: PrivateCopy, from begin: LSN, to end: LSN) throws -> ScriptProof.Work {
        guard begin < end else { return ScriptProof.Work() }
        return try ScriptProof.work { visit throws(Problem) in
            try copy.records(from: begin, to: end, visit)
        }
    }
}
