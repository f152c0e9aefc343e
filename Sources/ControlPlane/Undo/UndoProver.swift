import Instance
import Platform
import PostgresClient
import PostgresFormat
import Repair

/// Runs a script twice on the copy of now, and compares what the copy's WAL tells with the plan.
struct UndoProver {
    private let runner: any CommandRunner
    let copy: PrivateCopy
    private let database: String
    private let folder: String

    init(_ plane: ControlPlane, _ copy: PrivateCopy, _ database: String, _ folder: String) {
        runner = plane.runner
        self.copy = copy
        self.database = database
        self.folder = folder
    }

    /// Runs the script twice on the copy of now, and compares what the copy's WAL tells with the plan.
    ///
    /// What writes rows may run code of the tables' owners, in constraints, domains and indexes: that is done
    /// by the worker, who owns nothing. Triggers are switched by the superuser, with the script's own
    /// statements for it, which run no such code, around each run: these write no rows.
    func prove(_ script: RepairScript, _ definitions: DroppedDefinitions?) throws {
        let path = folder + "/repair.sql"
        try DurableFiles.write(
            Array(script.text(.none, switchesTriggers: false).utf8), to: path, durable: false)
        let connection = try copy.connect(database)
        try connection.execute(CanonicalText.settings(local: false))
        let states = try Self.triggerStates(connection)
        try checkSwitches(script)
        let triggers = try TriggerSwitch(copy, database, script)
        try triggers.off()
        let unguarded = try unguarded(script)
        guard unguarded.isEmpty else { throw Self.unproved(unguarded) }
        let user = script.definitions.isEmpty ? copy.worker : nil
        let first = try run(path, connection, as: user)
        guard first.result.succeeded else {
            throw Problem(
                .recoveryFailed, "the table as it is now does not take the old rows back",
                detail: first.result.words,
                hint: "No script is written. --preview shows the rows, --table leaves tables out.")
        }
        var differences = try ScriptProof(
            connection, script.tables, makesObjects: !script.definitions.isEmpty
        ).differences(try work(first, script.transactionCount))
        try triggers.on()
        if let definitions { differences += try definitions.differences(in: copy) }
        guard differences.isEmpty else { throw Self.unproved(differences) }
        // As a second run of the whole script would find them.
        if script.definitions.isEmpty { try checkSwitches(script) }
        try triggers.off()
        let second = try run(path, connection, as: user)
        let again = try work(second, script.transactionCount)
        // What was made is there already, and the script says so and stops.
        guard second.result.succeeded || !script.definitions.isEmpty else {
            throw Self.unproved(["it fails when it is run a second time", second.result.words])
        }
        try triggers.on()
        // Tables that are made again bring triggers of their own.
        let after = Set(try Self.triggerStates(connection))
        if !after.isSuperset(of: states) {
            throw Self.unproved(["triggers are not on and off as they were"])
        }
        guard again.footprint?.relations.allSatisfy(\.value.isEmpty) ?? true, again.strangers.isEmpty else {
            throw Self.unproved(["a second run changed rows again"])
        }
    }

    /// Whether the triggers are those with which it was planned, as the script asks.
    private func checkSwitches(_ script: RepairScript) throws {
        guard let check = script.switchCheck else { return }
        let connection = try Self.session(copy, database, script)
        defer { connection.close() }
        do {
            try connection.execute(check)
        } catch {
            guard let failure = connection.lastFailure, connection.isOpen else { throw error }
            throw Self.unproved([failure.message])
        }
    }

    private static func triggerStates(_ connection: Connection) throws(Problem) -> [[String?]] {
        try connection.query("SELECT oid::text, tgenabled::text FROM pg_trigger ORDER BY oid").rows
    }

    /// Statements that would write rows which are not as planned. What needs objects that are not there yet
    /// expects no rows.
    private func unguarded(_ script: RepairScript) throws -> [String] {
        let connection = try Self.session(copy, database, script)
        defer { connection.close() }
        try connection.execute("BEGIN")
        return try GuardTrial(connection).differences(script.guardedTexts)
    }

    /// What the triggers of the tables do when the script is run, tried in a transaction that is rolled back.
    ///
    /// They may reach out, so only in a copy that reaches nothing.
    ///
    /// - Returns: nil where that could not be tried; places of rows that triggers give other values.
    func tryTriggers(_ script: RepairScript) throws -> (
        effects: [String], overwritten: [(table: ObjectID, row: Int)]
    )? {
        guard copy.isIsolated else { return nil }
        let connection = try Self.session(copy, database, script)
        defer { connection.close() }
        let begin = try Self.position(connection)
        try connection.execute("BEGIN; SAVEPOINT whole")
        do {
            for (place, statements) in script.transactionTexts.enumerated() {
                // What the one before it deferred is done; this one may defer again.
                if place > 0 { try connection.execute("SET CONSTRAINTS ALL DEFERRED") }
                for statement in statements { try connection.execute(Self.withoutGuards(statement)) }
                // What COMMIT would do: triggers may be deferred to it.
                try connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            }
        } catch {
            guard let failure = connection.lastFailure, connection.isOpen else { throw error }
            try connection.execute("ROLLBACK TO whole")
            return (["the script fails with them: \(failure.message)"], try refused(script, connection))
        }
        let proof = try ScriptProof(connection, script.tables)
        // Batches are gone on with by rows that are wholly as they are to be.
        var overwritten = try proof.overwritten(wholly: script.isInBatches)
        overwritten += try unrecognized(script, connection, besides: overwritten)
        try connection.execute("ROLLBACK")
        let end = try Self.position(connection)
        _ = try copy.connect(database).query("SELECT pg_switch_wal()")
        let work = try ScriptProof.work(rolledBack: true) { visit throws(Problem) in
            try copy.records(from: begin, to: end, visit)
        }
        return (try proof.additions(work), overwritten)
    }

    /// Rows that the first look of a script in batches would not take for done when they are done.
    private func unrecognized(
        _ script: RepairScript, _ connection: Connection, besides known: [(table: ObjectID, row: Int)]
    ) throws -> [(table: ObjectID, row: Int)] {
        let known = Dictionary(grouping: known, by: \.table).mapValues { Set($0.map(\.row)) }
        var rows: [(table: ObjectID, row: Int)] = []
        for look in script.looks() {
            if let found = known[look.table], !found.isDisjoint(with: look.rows) { continue }
            try connection.execute("SAVEPOINT look")
            do {
                try connection.execute(look.statement)
            } catch {
                guard connection.isOpen, connection.lastFailure != nil else { throw error }
                try connection.execute("ROLLBACK TO look")
                rows += look.rows.map { (look.table, $0) }
            }
            try connection.execute("RELEASE look")
        }
        return rows
    }

    /// Rows that do not get what they were to get, one by one: a trigger gives them other values, keeps them
    /// as they are, or fails.
    private func refused(
        _ script: RepairScript, _ connection: Connection
    ) throws -> [(table: ObjectID, row: Int)] {
        var rows: [(table: ObjectID, row: Int)] = []
        try connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for trial in script.trials() {
            try connection.execute("SAVEPOINT one")
            do {
                try connection.execute(trial.statement)
            } catch {
                guard connection.isOpen, connection.lastFailure != nil else { throw error }
                try connection.execute("ROLLBACK TO one")
                rows += trial.rows.map { (trial.table, $0) }
            }
            try connection.execute("RELEASE one")
        }
        return rows
    }

    /// A session that runs a script: only what makes objects needs the superuser.
    static func session(_ copy: PrivateCopy, _ database: String, _ script: RepairScript) throws -> Connection
    {
        let connection =
            script.definitions.isEmpty
            ? try copy.connectAsWorker(database) : try copy.connect(database)
        try connection.execute(CanonicalText.settings(local: false))
        return connection
    }

    /// Without the lines that `psql` alone understands.
    static func withoutGuards(_ statement: String) -> String {
        statement.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !DroppedDefinitions.isGuard($0) }.joined(separator: "\n")
    }

    private struct Run {
        var begin: LSN
        var end: LSN
        var result: CommandResult
    }

    private static func unproved(_ reasons: [String]) -> Problem {
        Problem(
            .recoveryFailed, "the script did not do what was planned on a copy of now",
            detail: reasons.prefix(20).joined(separator: "\n"),
            hint: "No script is written. Please report this; --preview shows the rows.")
    }

    private func run(_ path: String, _ connection: Connection, as user: String?) throws -> Run {
        let begin = try Self.position(connection)
        let parameters = try copy.server.connectionParameters(database: database)
        let result = try runner.run(
            Command(
                copy.server.installation.tool("psql"),
                [
                    "-X", "-h", parameters.host, "-p", String(parameters.port), "-U", user ?? parameters.user,
                    "-d",
                    database, "-f", path,
                ], workingDirectory: "/", timeoutSeconds: 3600))
        let end = try Self.position(connection)
        // What is not full is written out by this.
        _ = try connection.query("SELECT pg_switch_wal()")
        return Run(begin: begin, end: end, result: result)
    }

    private static func position(_ connection: Connection) throws -> LSN {
        guard let text = try connection.query("SELECT pg_current_wal_insert_lsn()::text").scalar,
            let position = LSN(text)
        else { throw Problem(.queryFailed, "the copy does not tell its WAL position") }
        return position
    }

    private func work(_ run: Run, _ transactions: Int) throws -> ScriptProof.Work {
        guard run.begin < run.end else { return ScriptProof.Work() }
        return try ScriptProof.work(transactions: transactions) { visit throws(Problem) in
            try copy.records(from: run.begin, to: run.end, visit)
        }
    }
}
