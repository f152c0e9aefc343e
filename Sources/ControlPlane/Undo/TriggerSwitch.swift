import Platform
import PostgresClient
import Repair

/// Switches the user triggers of the tables that a script writes off in a copy, and on again as they were.
struct TriggerSwitch {
    private let connection: Connection
    private let triggers: [TableShape.Trigger]

    init(_ copy: PrivateCopy, _ database: String, _ script: RepairScript) throws {
        connection = try copy.connect(database)
        triggers = script.tables.flatMap(\.shape.switches)
    }

    func off() throws { for trigger in triggers { try connection.execute(trigger.disabling) } }

    func on() throws { for trigger in triggers { try connection.execute(trigger.enabling) } }
}
