import Holdings
import Planning
import Platform
import PostgresClient
import PostgresFormat
import ServiceModel
import WALEvents

/// Tells what the system catalogs will hold where a restore ends: those of the base backup, brought forward
/// by the WAL up to there.
struct TargetCatalogs {
    let planner: RestorePlanner
    let reader: SourceReader
    let held: HeldSource

    /// Adds to a plan which databases and tables are not what they seem at the target.
    ///
    /// The restore does not depend on it: where the catalogs cannot be followed all the way, a note says so
    /// and nothing is told of them.
    func tell(of planned: inout PlannedRestore, _ request: RestoreRequest, now: PostgresTimestamp) throws {
        let plan = planned.plan
        guard let backup = held.inventory.backups.first(where: { $0.name == plan.backupName }) else { return }
        let state: CatalogState
        do {
            state = try reader.catalogs(of: held, from: backup, to: plan.expectedEnd)
        } catch let problem as Problem where problem.code != .canceled {
            planned.notes.append(
                "What the system catalogs hold at the target is not known: \(problem.message). So it is not "
                    + "told which databases are invalid there, and which tables are unlogged.")
            return
        }
        let invalid = state.invalidDatabases
        planned.invalidDatabases = invalid.map(\.name)
        for database in invalid {
            let marked = try database.marked ?? reader.mark(of: database, before: backup, held)
            let target = marked.map { RecoveryTarget.position($0, exclusive: true) }
            let isReachable = target.map { (try? planner.plan($0, now: now)) != nil } ?? false
            planned.plan.hazards.append(
                Hazard(
                    invalid: database.name, marked: marked,
                    before: isReachable ? target.map(request.command) : nil))
        }
        planned.unloggedRelations = state.unloggedRelations.map { relation in
            [relation.databaseName, relation.schemaName, relation.name]
                .map { $0.map(Self.quotedIfNeeded) ?? "?" }.joined(separator: ".")
        }.sorted()
        if !planned.unloggedRelations.isEmpty {
            planned.plan.hazards.append(
                Hazard(unlogged: planned.unloggedRelations.map(SQLName.words(path:))))
        }
    }

    /// As PostgreSQL's `quote_ident`, but for its reserved words.
    private static func quotedIfNeeded(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        return isPlain && name.first?.isNumber == false ? name : SQLText.identifier(name)
    }
}

extension Hazard {
    /// - Parameters:
    ///   - marked: the record with which its DROP began; nil where that is not known.
    ///   - command: what gives the state just in front of that record; nil where nothing held does.
    init(invalid database: String, marked: LSN?, before command: String?) {
        let name = SQLText.identifier(database)
        let began = marked.map { " at \($0)" } ?? ""
        let before =
            switch (marked, command) {
            case (_, let command?): "the nearest state before that DROP: '\(command)'"
            case (.some, nil): "nothing that is available reaches back to before that DROP"
            case (nil, nil): "the available WAL does not tell when that DROP began"
            }
        self.init(
            code: "invalid-database",
            message: "database \(name) is invalid at the target: a DROP DATABASE of it began\(began) and was "
                + "not done. Nobody can connect to it, its files may be partly gone, and all that can be done "
                + "with it in the copy is DROP DATABASE \(name); \(before)")
    }

    /// - Parameter unlogged: not empty.
    init(unlogged: [String]) {
        let shown = unlogged.prefix(20).joined(separator: ", ")
        let left = unlogged.count - 20
        self.init(
            code: "unlogged-tables",
            message: "unlogged tables come back empty; at the target these are: \(shown)"
                + (left > 0 ? " and \(left) more" : ""))
    }
}
