import Catalog
import Holdings
import Instance
import Planning
public import Platform
import PostgresClient
import PostgresFormat
public import Repair
public import ServiceModel

/// Comparing a server with another one, or a copy with what became of its source. Nothing is written.
extension ControlPlane {
    /// Compares definitions and rows; each row that differs is handed over as it is found.
    ///
    /// Throws `.resourceNotFound` for a server or database that is not there, `.serverIsNotReady`, `.usage`,
    /// `.insufficientStorage`, `.canceled`, and what `output` throws.
    public func compare(
        _ request: CompareRequest,
        output: @escaping (_ database: String, _ table: String, RowDifference) throws(Problem) -> Void
    ) throws -> CompareResult {
        try compare(request, for: nil, finish: { _, _, _ in }, output: output)
    }

    /// - Parameter finish: is called while the operation is still at work, which fails when it throws.
    func compare(
        _ request: CompareRequest, for accepted: AcceptedWork?,
        finish: (CompareResult, RunningOperation, ServerRow) throws -> Void,
        output: @escaping (_ database: String, _ table: String, RowDifference) throws(Problem) -> Void
    ) throws -> CompareResult {
        let tables = try ComparedTables(request.tables)
        let row = try findComplete(request.server, for: accepted)
        try connect(row).close()
        let source = try comparedSource(of: row, request)
        return try perform(.compare, server: row, source: source?.id, for: accepted) { operation in
            defer { removeOperationFolder(operation.id) }
            let folder = paths.operation(operation.id)
            try DurableFiles.makeDirectories(folder, durable: false)
            var steps = StepTimes()
            var notes: [String] = []
            let here = ComparedServer(words: "server \(row.name)", instance: try instance(row), pace: nil)
            var now: SourceNow?
            defer { now?.remove() }
            let there = try other(request, source, operation, &now, &notes, &steps)
            let rows = try forkedRows(request, row, source, now, folder, &notes, &steps)
            let work = ComparedWork(
                folder: folder, room: try diskRoom(folder), descends: try descends(row, request), progress,
                cancellation)
            let chosen = try ComparedDatabases(
                here: here.databases(), there: there.databases(), only: request.database)
            var databases = chosen.chosen
            for place in databases.indices
            where databases[place].presence == .both && databases[place].leftOut.isEmpty {
                try steps.time("compare \(databases[place].name)") {
                    try compare(&databases[place], request, tables, here, there, rows, work, &notes, output)
                }
            }
            let unread = try tables.unread(in: databases)
            notes += unread.map { "Nothing that '\($0)' names was read: what is left out says why." }
            let result = CompareResult(
                here: here.words, there: there.words, databases: databases, leftOut: chosen.leftOut,
                unread: unread, notes: notes, operationID: operation.id, steps: steps.steps)
            try finish(result, operation, row)
            return result
        }
    }

    private func compare(
        _ found: inout DatabaseComparison, _ request: CompareRequest, _ tables: ComparedTables,
        _ here: ComparedServer, _ there: ComparedServer, _ rows: ForkedRows?, _ work: ComparedWork,
        _ notes: inout [String], _ output: @escaping (String, String, RowDifference) throws(Problem) -> Void
    ) throws {
        let name = found.name
        // Definitions of the tables that were asked for alone would leave out what belongs to them.
        if request.comparesSchema, tables.isAll {
            progress.begin("comparing definitions of \(name)", totalBytes: nil)
            defer { progress.end() }
            let path = work.schemaFile
            // Programs of two versions would write the same definitions in two ways.
            let newest = [here, there].map(\.instance.installation).max { $0.major < $1.major }
            let dump = (newest ?? here.instance.installation).tool("pg_dump")
            let mine = try here.schema(name, dump: dump, into: path, runner)
            found.schema = try mine.differences(
                from: there.schema(name, dump: dump, into: path, runner))
            found.schema += try here.extensions(name).differences(from: there.extensions(name))
            found.hasSchema = true
        }
        guard request.comparesRows else { return }
        let left = try here.holder(name)
        defer { left.close() }
        let right = try there.holder(name)
        defer { right.close() }
        let touched = try rows.flatMap { try touchedRows($0, [left, right], &notes) }
        try DatabaseComparer(
            here: left, there: right, work, touched: touched, wants: { tables.wants($0, in: name) },
            output: { (table, row) throws(Problem) in try output(name, table.description, row) }
        ).compare(&found)
    }

    // MARK: What WAL tells

    /// Nil where all rows are to be read: why is added to the notes.
    private func forkedRows(
        _ request: CompareRequest, _ row: ServerRow, _ source: ServerRow?, _ now: SourceNow?,
        _ folder: String, _ notes: inout [String], _ steps: inout StepTimes
    ) throws -> ForkedRows? {
        guard request.comparesRows, !request.readsAll else { return nil }
        let tail = folder + "/tail"
        if let now, let from = row.restoredFrom {
            return try steps.time("read WAL") {
                try orReadAll(&notes) {
                    try ForkedRows(
                        self, [.init(row: row, fork: from.lsn)], source: now.prepared.held,
                        end: now.copy.end, tailDirectory: tail)
                }
            }
        }
        guard let other = try comparedRow(request, source), other.id != row.id,
            let trunk = trunk(of: row, other)
        else { return nil }
        return try steps.time("read WAL") {
            try orReadAll(&notes) {
                guard let source = try kept(id: trunk.id) else {
                    throw Problem(
                        .walMissing, "server '\(trunk.name)', which both were restored from, is gone")
                }
                let held = try reader(of: source).held(for: .latest, tailDirectory: folder + "/source")
                let branches = [row, other].map { side in
                    ForkedRows.Branch(row: side, fork: side.id == trunk.id ? nil : side.restoredFrom?.lsn)
                }
                let forks = branches.compactMap(\.fork)
                return try ForkedRows(
                    self, branches, source: held, end: forks.count == 2 ? forks.max() : nil,
                    tailDirectory: tail)
            }
        }
    }

    /// The server that is read beside a copy; nil where a copy of the latest moment is made for it.
    private func comparedRow(_ request: CompareRequest, _ source: ServerRow?) throws -> ServerRow? {
        switch request.other {
        case .server(let reference): try findComplete(reference)
        case .source: source
        case .sourceNow: nil
        }
    }

    /// The server of which both came, or that one of them is; nil where they have no WAL in common.
    private func trunk(of row: ServerRow, _ other: ServerRow) -> (id: String, name: String)? {
        let mine = row.restoredFrom.map { ($0.sourceServerID, $0.sourceServer) }
        let its = other.restoredFrom.map { ($0.sourceServerID, $0.sourceServer) }
        if let mine, mine.0 == other.id || mine.0 == its?.0 { return mine }
        if let its, its.0 == row.id { return its }
        return nil
    }

    /// As far as the snapshots of the servers see.
    private func touchedRows(
        _ rows: ForkedRows, _ holders: [ComparedSide.Holder], _ notes: inout [String]
    ) throws -> TouchedRows? {
        try orReadAll(&notes) {
            try rows.touched(
                upTo: zip(holders, rows.areCopies).map { (holder, isCopy) throws(Problem) in
                    try holder.writtenWAL(isCopy: isCopy, cancellation)
                })
        }
    }

    /// What WAL does not tell is no failure of the comparison.
    private func orReadAll<Value>(_ notes: inout [String], _ body: () throws -> Value) throws -> Value? {
        do {
            return try body()
        } catch {
            let problem = Self.problem(from: error)
            guard problem.code != .canceled else { throw problem }
            let note = "All rows were read, as WAL does not tell which ones can differ. \(problem.sentences)"
            if !notes.contains(note) { notes.append(note) }
            return nil
        }
    }

    /// The server that a copy was restored from, where it is needed.
    func comparedSource(of row: ServerRow, _ request: CompareRequest) throws -> ServerRow? {
        if case .server = request.other { return nil }
        guard let from = row.restoredFrom else {
            throw Problem(
                .usage, "server '\(row.name)' was not restored from another one",
                hint: "Name what to compare it with: --with SERVER.")
        }
        guard let source = try kept(id: from.sourceServerID) else {
            throw Problem(
                .resourceNotFound, "server '\(from.sourceServer)', which it was restored from, is gone",
                hint: "Name what to compare it with: --with SERVER.")
        }
        return source
    }

    /// Whether a server is a copy of what it is compared with, or the other way round.
    private func descends(_ row: ServerRow, _ request: CompareRequest) throws -> Bool {
        guard case .server(let reference) = request.other else { return true }
        let other = try findComplete(reference)
        return try isAncestor(other, of: row) || isAncestor(row, of: other)
    }

    private func isAncestor(_ row: ServerRow, of copy: ServerRow) throws -> Bool {
        var next = copy.restoredFrom?.sourceServerID
        var seen: Set<String> = []
        while let id = next, seen.insert(id).inserted {
            if id == row.id { return true }
            next = try kept(id: id)?.restoredFrom?.sourceServerID
        }
        return false
    }

    private func other(
        _ request: CompareRequest, _ source: ServerRow?, _ operation: RunningOperation,
        _ now: inout SourceNow?, _ notes: inout [String], _ steps: inout StepTimes
    ) throws -> ComparedServer {
        let pace = request.maximumRate.map { ReadingPace(bytesPerSecond: $0) }
        switch (request.other, source) {
        case (.server(let reference), _):
            let row = try findComplete(reference)
            try connect(row).close()
            return ComparedServer(words: "server \(row.name)", instance: try instance(row), pace: pace)
        case (.source, let source?):
            try connect(source).close()
            return ComparedServer(
                words: "server \(source.name), read by SQL", instance: try instance(source), pace: pace)
        case (_, let source?):
            let asked = RestoreRequest(
                resourceGroup: source.resourceGroup, sourceServer: source.id, target: .latest(asOf: nil))
            let prepared = try steps.time("plan") {
                try prepare(asked, source: source, checkName: false)
            }
            let made: PrivateCopy
            do {
                made = try steps.time("copy of now") { try makePrivateCopy(prepared, "now", operation) }
            } catch {
                prepared.release()
                throw error
            }
            now = SourceNow(prepared: prepared, copy: made)
            for name in made.inDoubt {
                notes.append(
                    "Prepared transaction '\(name)' is in doubt in \(source.name): what it would change is "
                        + "not counted as changed.")
            }
            return ComparedServer(
                words: "a copy of \(source.name) as of \(made.end)", instance: made.server, pace: nil)
        case (_, nil):
            throw Problem(.usage, "nothing was named to compare with", hint: "Name it: --with SERVER.")
        }
    }
}

/// A copy of the source's latest moment, with the WAL that it was made from.
private struct SourceNow {
    let prepared: PreparedRestore
    let copy: PrivateCopy

    func remove() {
        copy.remove()
        prepared.release()
    }
}
