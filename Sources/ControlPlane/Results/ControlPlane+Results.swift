import Catalog
import Planning
public import Platform
import PostgresFormat
public import Repair
public import ServiceModel

/// Writes what came of an undo or of a comparison as files: a command into the folder of a person, a worker
/// into the one that the result is kept in.
public protocol ResultFiles: Sendable {
    /// - Parameters:
    ///   - folder: of a folder to make.
    ///   - hasScript: false where only verdicts were asked for.
    func write(_ result: UndoResult, to folder: String, hasScript: Bool) throws
    /// Makes the folder of a comparison, whose rows are written as they are found.
    func comparison(in folder: String) throws -> any ComparisonFiles
}

public protocol ComparisonFiles {
    func add(_ database: String, _ table: String, _ row: RowDifference) throws(Problem)
    func finish(_ result: CompareResult) throws
}

/// Results of undos and comparisons that were accepted as operations: kept until somebody deletes them, or
/// the server that they are about is gone.
extension ControlPlane {
    var results: ResultStore { ResultStore(folder: paths.results) }

    // MARK: Making

    func keep(
        _ request: UndoRequest, _ files: any ResultFiles, for accepted: AcceptedWork
    ) throws {
        let fileSystem = try results.begin(accepted.id)
        _ = try undo(request, for: accepted) { result, operation, row in
            // The script has about half of what the rows have in their three states.
            try diskRoom(paths.results).require(
                UInt64(result.script.utf8.count) * 4, for: "the files of the undo")
            try files.write(result, to: results.files(operation.id), hasScript: !request.isPreview)
            RestoreFaults.reached("result: files")
            try finish(KeptResult(result, request, operation, of: row), fileSystem)
        }
    }

    func keep(
        _ request: CompareRequest, _ files: any ResultFiles, for accepted: AcceptedWork
    ) throws {
        // The source may be gone by the end.
        let otherGroup = try otherGroup(of: request, for: accepted)
        let fileSystem = try results.begin(accepted.id)
        let written = try files.comparison(in: results.files(accepted.id))
        let room = try RoomForRows(diskRoom(paths.results))
        _ = try compare(
            request, for: accepted,
            finish: { result, operation, row in
                try written.finish(result)
                RestoreFaults.reached("result: files")
                var kept = KeptResult(result, request, operation, of: row)
                kept.otherResourceGroup = otherGroup
                try finish(kept, fileSystem)
            },
            output: { (database, table, row) throws(Problem) in
                try room.take(row)
                try written.add(database, table, row)
            })
    }

    private func finish(_ result: KeptResult, _ fileSystem: WatchedFileSystem) throws {
        var result = result
        result.finishedAt = clock.now()
        try results.finish(result, fileSystem)
    }

    // MARK: Looking

    /// The newest first, with what is wrong with those that cannot be read.
    ///
    /// - Parameters:
    ///   - resourceGroup: of the servers; nil is all.
    ///   - server: the name or id of the server that it is about; nil is any.
    public func listResults(resourceGroup: String?, server: String? = nil) throws
        -> (kept: [KeptResult], damaged: [Problem])
    {
        if let resourceGroup { try requireRecordedGroup(resourceGroup) }
        var found = try results.results()
        found.kept = found.kept.filter { result in
            if let resourceGroup, result.resourceGroup.lowercased() != resourceGroup.lowercased() {
                return false
            }
            guard let wanted = server?.lowercased() else { return true }
            return [result.serverName, result.serverID, result.server].contains { $0.lowercased() == wanted }
        }
        return found
    }

    public func showResult(_ id: String) throws -> KeptResult {
        guard let result = try results.result(id.lowercased()) else {
            throw Problem(
                .resourceNotFound, "there is no result '\(id)'",
                hint: "List them with 'pitr result list'; 'pitr operation list' tells what is at work.")
        }
        return result
    }

    /// The content of one of a result's files, by its name there.
    ///
    /// - Parameter limit: in bytes, of a process that others need as well; nil is none.
    public func resultFile(
        _ name: String, of result: KeptResult, atMost limit: UInt64? = nil
    ) throws -> [UInt8] {
        if let limit, let file = result.files.first(where: { $0.name == name }), file.bytes > limit {
            throw Problem(
                .operationNotSupported, "'\(name)' has \(file.bytes) bytes: at most \(limit) are sent",
                hint: "Take it on the machine itself: 'pitr result export -n \(result.id) --only "
                    + "\(Command.shellQuoted(name)) FILE'.")
        }
        return try results.content(name, of: result)
    }

    /// Decisions about rows in conflict of an undo that is kept, by the cells that its file has of them.
    ///
    /// - Parameters:
    ///   - choices: by the places of cells in the file.
    ///   - earlier: decisions that stay as they are for rows that nobody was asked about.
    ///   - asked: the places of all cells that somebody was asked about.
    /// - Throws: `.resourceNotFound` where it has no such cell.
    public func decisions(
        of result: KeptResult, _ choices: [Int: ConflictDecision.Choice],
        besides earlier: [ConflictDecision] = [],
        asked: [Int] = []
    ) throws -> [ConflictDecision]? {
        // The file may be large: it is read only where there is something to look up.
        guard !choices.isEmpty || !earlier.isEmpty && !asked.isEmpty else {
            return earlier.isEmpty ? nil : earlier
        }
        let file = try DecisionFile(
            try resultFile(KeptResult.conflictsName, of: result, atMost: 64 << 20))
        let chosen = try choices.sorted { $0.key < $1.key }.map { record, choice in
            guard let decision = file.decision(choice, record: record) else {
                throw Problem(
                    .resourceNotFound, "result '\(result.id)' has no conflict number \(record)",
                    hint: "Open the result again, and decide about the rows that it shows.")
            }
            return decision
        }
        let rows = Set(asked.compactMap { file.decision(.skip, record: $0) }.map(DecidedRow.init))
        let all = earlier.filter { !rows.contains(DecidedRow($0)) } + chosen
        return all.isEmpty ? nil : all
    }

    /// All of a result's files as one archive.
    public func resultArchive(_ result: KeptResult) throws -> TarArchive {
        TarArchive(
            try result.files.map {
                TarArchive.File(name: $0.name, content: try resultFile($0.name, of: result))
            },
            modified: result.finishedAt.unixMicroseconds / 1_000_000)
    }

    /// Deletes a result with its files, also one that cannot be read any more.
    public func deleteResult(_ id: String) throws {
        do {
            _ = try showResult(id)
        } catch let problem as Problem where problem.code == .stateDamaged {}
        try results.remove(id.lowercased())
    }

    // MARK: Clearing away

    /// Of an operation that failed: what is there of it is not whole, or was not wanted.
    func removeResult(of operation: Operation) throws {
        guard [OperationKind.undo, .compare].map(\.name).contains(operation.row.kind) else { return }
        try results.remove(operation.row.id)
    }

    /// With the server that they are about.
    func removeResults(of row: ServerRow) throws {
        for id in try results.ids() {
            if try isResult(id, of: row) { try results.remove(id) }
        }
    }

    private func isResult(_ id: String, of row: ServerRow) throws -> Bool {
        do {
            return try results.result(id)?.serverID == row.id
        } catch let problem as Problem where [.stateDamaged, .formatTooNew].contains(problem.code) {
            // Its operation tells as well.
            return try operations.operation(id)?.row.serverID == row.id
        }
    }

    /// What operations left that came to no end.
    func leftoverResults(dryRun: Bool) throws -> [MaintenanceAction] {
        // In this order: an operation is in the catalog before it has a folder here.
        let unfinished = try results.unfinished()
        let open = try operations.operations(.init(states: OperationStore.Query.open)).map(\.row.id)
        return unfinished.filter { !open.contains($0) }.map { id in
            act(nil, "remove-leftover", "results/\(id)", "no operation fills it", dryRun: dryRun) {
                // One that has ended meanwhile has its record.
                if try results.result(id) == nil { try results.remove(id) }
            }
        }
    }
}

extension ControlPlane {
    /// The resource group of what a server is to be compared with; nil where that is told with the refusal
    /// of the comparison.
    public func otherGroup(of request: CompareRequest) throws -> String? {
        try otherGroup(of: request, for: nil)
    }

    private func otherGroup(of request: CompareRequest, for accepted: AcceptedWork?) throws -> String? {
        if case .server(let other) = request.other { return other.resourceGroup }
        return try comparedSource(of: findComplete(request.server, for: accepted), request)?.resourceGroup
    }
}

/// Entering undos and comparisons: what can be told at once is refused at once.
extension ControlPlane {
    func accept(_ request: UndoRequest, _ caller: Caller) throws -> AcceptedOperation {
        var request = request
        if case .transactions(let numbers) = request.wanted, numbers.isEmpty {
            throw Problem(.usage, "no transaction was named", hint: "Name it by its number or by an event.")
        }
        if let batch = request.batch, batch < 1 || request.disablesTriggers {
            throw Problem(
                .usage, "batches are of 1 row or more, and triggers are switched off for one transaction only"
            )
        }
        for table in request.tables { _ = try TableWord(table) }
        _ = try ConflictDecisions(request.decisions ?? [])
        let source = try source(
            of: RestoreRequest(
                resourceGroup: request.resourceGroup, sourceServer: request.sourceServer,
                target: .latest(asOf: nil)))
        request.sourceServer = source.id
        var entry = Entry(.undo, source, .undo(request))
        entry.source = source.id
        entry.lane = "undo:\(source.id)"
        return try enter(entry, caller)
    }

    func accept(_ request: CompareRequest, _ caller: Caller) throws -> AcceptedOperation {
        _ = try ComparedTables(request.tables)
        let row = try findComplete(request.server)
        let source = try comparedSource(of: row, request)
        if case .server(let other) = request.other { _ = try findComplete(other) }
        var entry = Entry(.compare, row, .compare(request))
        entry.source = source?.id
        entry.lane = "compare:\(row.id)"
        return try enter(entry, caller)
    }
}

/// What tells a row of a file of decisions from others.
private struct DecidedRow: Hashable {
    /// Its table and its key; of a table without one, where rows may be alike, its values as well.
    private let words: [[UInt8]?]

    init(_ decision: ConflictDecision) {
        let hasKey = !decision.key.isEmpty && !decision.key.hasPrefix("ctid=")
        let row: [String?] = [decision.table, decision.key]
        let values: [String?] = [decision.column, decision.before, decision.after, decision.now]
        // Byte by byte: letters may look alike in more than one way.
        words = (hasKey ? row : row + values).map { $0.map { Array($0.utf8) } }
    }
}

/// Looks at the room on the disk again whenever much has been written: how many rows differ nobody knows
/// before.
private final class RoomForRows {
    private static let step: UInt64 = 16 << 20
    private let room: DiskRoom
    /// Of what was asked for.
    private var left: UInt64 = 0

    init(_ room: DiskRoom) { self.room = room }

    func take(_ row: RowDifference) throws(Problem) {
        // The key stands in each of the lines.
        let key = row.key.reduce(64) { $0 + Self.bytes($1) }
        let bytes = UInt64(row.cells.reduce(0) { $0 + key + Self.bytes($1) })
        if bytes > left {
            left = max(bytes, Self.step)
            try room.require(left, for: "the rows that differ")
        }
        left -= bytes
    }

    private static func bytes(_ cell: RowDifference.NamedCell) -> Int {
        (cell.here?.text.utf8.count ?? 0) + (cell.there?.text.utf8.count ?? 0)
    }
}
