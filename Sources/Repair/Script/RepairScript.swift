import Notation
import Platform
import PostgresFormat
public import ServiceModel

/// The script that takes a transaction back: one transaction for `psql`, to be read before it is run.
///
/// It changes nothing unless every row is found in exactly the state that was planned with, or in the one
/// that it is to get: run twice, it changes nothing the second time. No value and no name in it can become a
/// command.
public struct RepairScript: Sendable {
    /// What was proved of it, for its first lines.
    public enum Proof: Hashable, Sendable {
        /// Run against a copy of now: exactly the planned rows changed, and a second run changed nothing.
        case passed
        /// Nobody ran it.
        case none
    }

    let plan: UndoPlan
    private let rule: ConflictRule
    public let tables: [PlannedTable]
    /// By which its batches know that its own first look has passed.
    let word = Hexadecimal.text(UInt64.random(in: .min ... .max), digits: 16, .lower)
    /// Rows that one statement names.
    private static let portion = 500

    public init(_ plan: UndoPlan, _ rule: ConflictRule) {
        self.plan = plan
        self.rule = rule
        tables = Self.tables(of: plan, rule)
    }

    /// How many rows it writes.
    public var count: Int { tables.reduce(0) { $0 + $1.writes.count } }

    /// What it makes besides rows.
    public var definitions: Definitions { plan.definitions }

    /// Whether it has nothing to do.
    public var isEmpty: Bool { count == 0 && plan.definitions.isEmpty }

    /// Whether it refuses to run because a person has to decide first.
    public var isStopped: Bool { rule == .stop && plan.undecidedCount > 0 }

    private static func tables(of plan: UndoPlan, _ rule: ConflictRule) -> [PlannedTable] {
        plan.tables.map { table in
            let writes = table.rows.enumerated().compactMap { place, row in
                var write = PlannedWrite(row, table.shape, rule)
                write?.row = place
                return write
            }
            return PlannedTable(
                shape: table.shape, writes: writes, alike: table.alike, isDropped: table.isDropped)
        }.filter { !$0.writes.isEmpty }
    }

    /// The statements that write, in their order, as the script has them.
    public var statementTexts: [String] { statements() }

    /// Those of them that write rows of tables which are there.
    public var guardedTexts: [String] { parts(portion).flatMap(\.statements) }

    /// How many transactions it is at most.
    public var transactionCount: Int { plan.batch == nil ? 1 : max(1, batches.count) }

    var portion: Int { min(Self.portion, plan.batch ?? Self.portion) }

    // MARK: Text

    /// - Parameter switchesTriggers: whether it switches triggers itself, where they are to be off; without
    ///   that it does everything else that it does.
    public func text(_ proof: Proof, switchesTriggers: Bool = true) -> String {
        if plan.batch != nil, !isStopped, !isEmpty { return inBatches(proof) }
        var parts = [header(proof), Self.opening]
        parts.append(isEmpty && !isStopped ? "-- There is nothing to write.\n" : checks())
        if isStopped {
            parts.append(stop())
        } else {
            parts += switchesTriggers ? switchingOff : []
            parts += statements() + switchingOn(isWhole: switchesTriggers)
        }
        parts.append("COMMIT;\n")
        return parts.joined(separator: "\n")
    }

    /// Whether it needs the owner of the tables.
    public var isForOwner: Bool { !plan.definitions.isEmpty || !switches.isEmpty }

    /// Triggers that it switches off while it works.
    public var switches: [TableShape.Trigger] {
        plan.disablesTriggers ? tables.filter { !$0.isDropped }.flatMap(\.shape.switches) : []
    }

    /// The checks of foreign keys are triggers of PostgreSQL's own and stay on.
    private var switchingOff: [String] {
        guard let switchCheck else { return [] }
        return [
            "-- Triggers are switched off until the end; foreign keys are checked.\n" + switchCheck
                + switches.map { $0.disabling + ";\n" }.joined()
        ]
    }

    /// What it asks before it switches triggers off: a statement that fails where others are enabled; nil
    /// where it switches none.
    public var switchCheck: String? {
        guard !switches.isEmpty else { return nil }
        return Self.check(
            "\(Self.triggerList(tables)) = \(PlannedValues.literal(Self.words(of: switches)))",
            "'triggers as planned'", "'other triggers are enabled: ' || \(Self.triggerList(tables))")
    }

    /// What is checked late has to be over before a table may be changed.
    private func switchingOn(isWhole: Bool) -> [String] {
        guard !switches.isEmpty else { return [] }
        return [
            "-- Triggers as they were.\nSET CONSTRAINTS ALL IMMEDIATE;\n"
                + (isWhole ? switches.map { $0.enabling + ";\n" }.joined() : "")
        ]
    }

    private static func words(of triggers: [TableShape.Trigger]) -> String {
        Set(triggers.map { "\($0.table.schema).\($0.table.name) \($0.name) \($0.state)" })
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ", ")
    }

    /// The triggers that are enabled now, in the same words.
    private static func triggerList(_ tables: [PlannedTable]) -> String {
        let numbers = tables.filter { !$0.isDropped }.map {
            "pg_catalog.to_regclass(\(PlannedValues.literal($0.shape.name.text)))::pg_catalog.oid"
        }.joined(separator: ", ")
        return "(SELECT coalesce(pg_catalog.string_agg(w, ', ' ORDER BY w COLLATE \"C\"), '') FROM (\n"
            + "        SELECT DISTINCT n.nspname::text || '.' || c.relname::text || ' ' || t.tgname::text\n"
            + "            || ' ' || t.tgenabled::text AS w\n"
            + "        FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid\n"
            + "        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n"
            + "        WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND (t.tgrelid IN (\(numbers))\n"
            + "            OR EXISTS (SELECT FROM pg_catalog.unnest(ARRAY[\(numbers)]) AS p(o), "
            + "pg_catalog.pg_partition_tree(p.o::pg_catalog.regclass) AS q WHERE q.relid = t.tgrelid))) AS w)"
    }

    func header(_ proof: Proof) -> String {
        var lines: [String] = []
        if proof == .none { lines += ["NOT PROVED: nobody has run this script on a copy.", ""] }
        lines.append("Takes back \(plan.subject) of \(plan.source):")
        lines += plan.commits.map { "  " + $0 }
        lines += plan.deeds.map { "  " + $0 }
        lines += ["", "Made from the state of \(plan.nowTime) UTC, WAL position \(plan.nowEnd)."]
        for table in tables {
            let counts = [
                ("updates", PlannedWrite.Action.update), ("inserts", .insert), ("deletes", .delete),
            ]
            .map { (words: $0.0, count: table.writes($0.1).count) }.filter { $0.count > 0 }
            lines.append(
                "  \(table.shape.name): "
                    + counts.map { "\($0.words) \($0.count) rows" }.joined(separator: ", "))
            if !table.shape.triggers.isEmpty {
                let names = table.shape.triggers.joined(separator: ", ")
                lines.append(
                    plan.disablesTriggers
                        ? "    its triggers are off meanwhile: \(names)"
                        : "    its triggers will fire: \(names)")
            }
        }
        lines += plan.triggerEffects.map {
            (plan.disablesTriggers ? "  triggers would, besides: " : "  triggers, besides: ") + $0
        }
        for entry in plan.definitions.entries { lines.append("  makes again: \(entry)") }
        if plan.conflictCount > 0 {
            let decided = plan.conflictCount - plan.undecidedCount
            lines.append(
                "  \(plan.conflictCount) rows are in conflict: see conflicts.csv. Rule: \(rule.rawValue)"
                    + (decided > 0 ? "; \(decided) decided one by one" : ""))
        }
        for left in plan.leftOut { lines.append("  left out: \(left.subject): \(left.reason)") }
        if proof == .passed {
            lines += [
                "",
                "Proved on a copy of that state with its triggers off: exactly these rows changed and nothing",
                "else, and a second run changed nothing.",
            ]
            if !plan.definitions.isEmpty {
                lines.append("What it makes again has the definitions that it had.")
            }
        }
        if let batch = plan.batch { lines += batchLines(batch) }
        lines += [
            "",
            "Every row must be as it was then, column by column, or nothing is changed"
                + (plan.batch == nil ? "" : " in its batch") + ". Run it"
                + (isForOwner ? ", as the owner of the tables," : "") + " as",
            "  psql -X -d \(Command.shellQuoted(plan.database)) -f repair.sql",
        ]
        return lines.map { Self.comment($0) }.joined(separator: "\n") + "\n"
    }

    /// What is to be known of a script whose transactions are many.
    private func batchLines(_ batch: Int) -> [String] {
        [
            "",
            "In \(transactionCount) batches of at most \(batch) rows (more where they belong together):",
            "each of them is all or nothing, and the whole is not. Until the last one is done,",
            "readers may see a state that is repaired by half. Interrupted, it goes on where it was",
            "when it is run again, as long as nobody else has written its rows, those among them",
            "that are repaired already. Where it stops, have pitr undo make a new script.",
        ]
    }

    /// One line that stays a comment, whatever names are in it.
    static func comment(_ text: String) -> String {
        let visible = text.visible(keepsLines: false)
        return visible.isEmpty ? "--" : "-- " + visible
    }

    static let settings =
        CanonicalText.settings(local: true)
        + "\nSET LOCAL lock_timeout = '30s';\nSET LOCAL statement_timeout = 0;"

    /// A pager that waits for a key would keep the locks meanwhile.
    static let preamble = """
        \\set ON_ERROR_STOP on
        \\pset pager off
        \\set ON_ERROR_ROLLBACK off
        \\set QUIET on
        \\pset tuples_only on
        \\pset format unaligned

        """

    static let begin = """
        BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
        \(settings)

        """

    private static let opening = preamble + begin

    func checks() -> String {
        var text = "-- Is this the database, and are its tables the same?\n"
        text += Self.check(
            "pg_catalog.current_database() = \(PlannedValues.literal(plan.database))",
            "'database ' || pg_catalog.current_database()",
            "'this is database ' || pg_catalog.current_database()")
        let role = "pg_catalog.current_setting('session_replication_role')"
        text += Self.check(
            role + " = 'origin'", "'foreign keys are checked'", "'session_replication_role is ' || \(role)")
        for table in tables where table.isDropped {
            let number = "pg_catalog.to_regclass(\(PlannedValues.literal(table.shape.name.text)))"
            text += Self.check(
                number + " IS NULL", PlannedValues.literal("\(table.shape.name): is not there, as planned"),
                PlannedValues.literal("\(table.shape.name) is there already: ") + " || \(number)::text")
        }
        for table in tables where !table.isDropped {
            let columns =
                "(SELECT pg_catalog.string_agg(attname || ' ' || pg_catalog.format_type(atttypid, atttypmod), "
                + "', ' ORDER BY attnum)\n        FROM pg_catalog.pg_attribute\n        WHERE attrelid = "
                + "pg_catalog.to_regclass(\(PlannedValues.literal(table.shape.name.text))) "
                + "AND attnum > 0 AND NOT attisdropped)"
            text += Self.check(
                columns + "\n        = \(PlannedValues.literal(Self.columnList(table.shape)))",
                PlannedValues.literal("\(table.shape.name): columns as planned"),
                PlannedValues.literal("\(table.shape.name) has other columns: ")
                    + " || coalesce(\(columns), 'it is not there')")
        }
        return text
    }

    private static func columnList(_ shape: TableShape) -> String {
        shape.columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
    }

    /// A row of one text where the condition holds, else an error with the other text: a text that is no
    /// number cannot be made one.
    static func check(_ condition: String, _ words: String, _ otherwise: String) -> String {
        "SELECT CASE WHEN \(condition)\n    THEN \(words)\n"
            + "    ELSE ('stop: ' || \(otherwise))::pg_catalog.int4::pg_catalog.text END;\n"
    }

    private func stop() -> String {
        let words =
            "\(plan.undecidedCount) rows are in conflict: decide with --conflicts skip, before or now, "
            + "or one by one with --decisions"
        return "-- Rows are in conflict: nothing is changed.\n"
            + Self.check("pg_catalog.now() IS NULL", "''", PlannedValues.literal(words))
    }

    // MARK: Statements

    /// Tables are made without indexes and keys, filled, and only then completed.
    func statements() -> [String] {
        let made = tables.filter(\.isDropped).flatMap {
            TableStatements($0, portion: Self.portion).fillings().flatMap(\.statements)
        }
        // What pg_restore writes has settings of its own.
        let own = plan.definitions.isEmpty ? [] : [Self.settings + "\n"]
        return plan.definitions.before + own + made + plan.definitions.sequenceStatements
            + guardedTexts + plan.definitions.after
    }
}
