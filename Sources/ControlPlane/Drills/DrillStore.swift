#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Catalog
import GRDB
import Notation
import Platform
import PostgresFormat
import Repository
public import ServiceModel
import Synchronization

/// The records of drills: in the catalog, and as sealed files, from which a lost catalog gets them back.
struct DrillStore {
    static let format: Int64 = 1

    let catalog: CatalogStore
    /// `drills/` of a state directory.
    let folder: String

    /// Durable when it returns.
    ///
    /// - Parameter process: what runs the drill; nil where it is over.
    func write(_ record: DrillRecord, process: ProcessIdentity?) throws {
        try DurableFiles.makeDirectories(folder)
        let bytes = DescribedDocument.seal([
            "format": .integer(Self.format),
            "kind": "what a rehearsed restore tried and what came of it; 'pitr drill show' reads it",
            "drill": try JSONValue.parse(try CatalogJSON.text(record)),
        ])
        try DurableFiles.write(bytes, to: Self.file(record.id, in: folder))
        let row = DrillRow(record, process: process.map { (Int($0.pid), $0.start) })
        try catalog.write { try row.save($0) }
    }

    /// The newest first.
    ///
    /// - Parameter server: its id; nil is all.
    func records(of server: String? = nil) throws -> [DrillRecord] {
        try rows(of: server).map(\.record)
    }

    private func rows(of server: String?) throws -> [DrillRow] {
        try catalog.read { database in
            var request = DrillRow.order(Column("startedAt").desc, Column("id"))
            if let server { request = request.filter(Column("serverID") == server) }
            return try request.fetchAll(database)
        }
    }

    func record(_ id: String) throws -> DrillRecord? {
        try catalog.read { try DrillRow.fetchOne($0, key: id) }?.record
    }

    /// Those that are not over, and whether their process still works on them.
    func running() throws -> [(record: DrillRecord, isAlive: Bool)] {
        let state = DrillResult.running.rawValue
        let rows = try catalog.read {
            try DrillRow.filter(Column("state") == state).order(Column("startedAt")).fetchAll($0)
        }
        return rows.map { row in
            let process = ProcessIdentity(pid: Int32(row.pid), start: row.processStart)
            let isAlive = process == .current ? DrillsAtWork.contains(row.id) : process.isAlive
            return (row.record, isAlive)
        }
    }

    func remove(_ id: String) throws {
        _ = try DurableFiles.removeFile(Self.file(id, in: folder))
        _ = try catalog.write { try DrillRow.deleteOne($0, key: id) }
    }

    // MARK: Files

    private static func file(_ id: String, in folder: String) -> String { "\(folder)/\(id).json" }

    /// What the files hold, and what is wrong with those that cannot be read.
    static func kept(in folder: String) throws(Problem) -> (records: [DrillRecord], damaged: [Problem]) {
        var records: [DrillRecord] = []
        var damaged: [Problem] = []
        for name in try DurableFiles.listIfPresent(folder).sorted() where name.hasSuffix(".json") {
            let path = folder + "/" + name
            let document = DescribedDocument(path: path)
            do {
                let object = try document.unseal(try DurableFiles.read(path), format: format)
                let text = (object["drill"] ?? [:]).printed()
                records.append(try JSONDecoder().decode(DrillRecord.self, from: Array(text.utf8).data))
            } catch let problem as Problem {
                if problem.code == .formatTooNew { throw problem }
                damaged.append(problem)
            } catch {
                damaged.append(document.damaged("\(error)"))
            }
        }
        return (records, damaged)
    }
}

/// The drills of this very process: that it runs does not say that it works on one.
enum DrillsAtWork {
    private static let ids = Mutex<Set<String>>([])

    static func begin(_ id: String) { ids.withLock { _ = $0.insert(id) } }

    static func end(_ id: String) { ids.withLock { _ = $0.remove(id) } }

    static func contains(_ id: String) -> Bool { ids.withLock { $0.contains(id) } }
}

extension ControlPlane {
    var drills: DrillStore { DrillStore(catalog: catalog, folder: paths.drills) }

    /// The newest first.
    ///
    /// - Parameters:
    ///   - resourceGroup: of the servers; nil is all.
    ///   - server: the name or id of the server whose restore was rehearsed; nil is any.
    public func listDrills(resourceGroup: String?, server: String? = nil) throws -> [DrillRecord] {
        if let resourceGroup { try requireRecordedGroup(resourceGroup) }
        return try drills.records().filter { record in
            if let resourceGroup, record.resourceGroup.lowercased() != resourceGroup.lowercased() {
                return false
            }
            guard let wanted = server?.lowercased() else { return true }
            return [record.serverName, record.serverID, record.server].contains { $0.lowercased() == wanted }
        }
    }

    /// The drill that is meant.
    ///
    /// - Parameters:
    ///   - id: nil is the last one of the server.
    ///   - server: as for `listDrills`.
    public func showDrill(_ id: String?, server: String?, resourceGroup: String) throws -> DrillRecord {
        if let id {
            guard let record = try drills.record(id.lowercased()) else {
                throw Problem(
                    .resourceNotFound, "there is no drill '\(id)'", hint: "List them with 'pitr drill list'.")
            }
            return record
        }
        guard let last = try listDrills(resourceGroup: resourceGroup, server: server).first else {
            throw Problem(
                .resourceNotFound, "no restore of '\(server ?? "")' has been rehearsed",
                hint: "Do it with 'pitr drill run -s \(server ?? "NAME")'.")
        }
        return last
    }

    /// Deletes the record of a drill that is over, and the evidence of its restore where the copy has gone.
    public func deleteDrill(_ id: String) throws {
        let record = try showDrill(id, server: nil, resourceGroup: "")
        guard record.result != .running else {
            throw Problem(
                .operationNotSupported, "drill '\(id)' is not over",
                hint: "Wait for its end; 'pitr maintain' ends one whose process was killed.")
        }
        if let operation = record.restore?.operationID, try drillCopy(of: record) == nil {
            try evidenceFolder.remove(operation)
        }
        try drills.remove(record.id)
    }
}
