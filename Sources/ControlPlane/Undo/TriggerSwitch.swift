import Platform
import PostgresClient
import Repair

/// Switches the user triggers of the tables that a script writes off in a copy, and on again as they were.
struct TriggerSwitch {
    private struct Trigger {
        let table: String
        let name: String
        /// `O`, `A` or `R`, as the catalog has it.
        let state: String
    }

    private let connection: Connection
    private let triggers: [Trigger]

    init(_ copy: PrivateCopy, _ database: String, _ script: RepairScript) throws {
        connection = try copy.connect(database)
        var found: [Trigger] = []
        for table in script.tables.flatMap(\.shape.triggerTables) {
            let rows = try connection.query(
                """
                SELECT tgname, tgenabled::text FROM pg_trigger
                WHERE tgrelid = to_regclass($1) AND NOT tgisinternal AND tgenabled <> 'D'
                """, [table.text])
            found += rows.rows.map {
                Trigger(table: table.sql, name: $0[0] ?? "", state: $0[1] ?? "O")
            }
        }
        triggers = found
    }

    func off() throws {
        for trigger in triggers {
            try connection.execute(
                "ALTER TABLE ONLY \(trigger.table) DISABLE TRIGGER \(SQLText.identifier(trigger.name))")
        }
    }

    /// In a copy that could not be changed back nothing goes on.
    func on() {
        for trigger in triggers {
            let word = trigger.state == "A" ? "ALWAYS " : trigger.state == "R" ? "REPLICA " : ""
            // A failure shows as a trigger that does nothing, and the copy is removed anyway.
            try? connection.execute(
                "ALTER TABLE ONLY \(trigger.table) ENABLE \(word)TRIGGER \(SQLText.identifier(trigger.name))")
        }
        connection.close()
    }
}
