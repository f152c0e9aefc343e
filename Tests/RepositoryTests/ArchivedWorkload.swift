import Platform
import PostgresFormat
import Repository
import TestKit
import WALEvents

/// The WAL of a PostgreSQL that ran a script, pushed into a repository; segments are 1 MiB.
final class ArchivedWorkload {
    static let segmentSize = WALCraft.smallSegment

    let output: String
    let layout: RepositoryLayout
    /// Every whole segment of the WAL, in order, as it was pushed.
    let segments: [(name: SegmentName, bytes: [UInt8])]
    private let scratch: ScratchDirectory
    private let files: [UInt32: String]

    var archive: WALArchive { WALArchive(layout: layout) }

    init(_ script: String, settings: [String: String] = [:]) throws {
        scratch = try ScratchDirectory("load")
        let server = try PostgresFixture(
            settings: [
                "max_prepared_transactions": "4", "wal_keep_size": "1GB", "autovacuum": "off",
                "max_wal_size": "2GB",
            ].merging(settings) { $1 }, initdb: ["--wal-segsize=1"])
        output = try server.psql(script)
        var files: [UInt32: String] = [:]
        let relations = try server.psql(
            "SELECT pg_relation_filenode(oid), relname FROM pg_class WHERE pg_relation_filenode(oid) > 0")
        for line in relations.split(separator: "\n") {
            let parts = line.split(separator: "|").map(String.init)
            if parts.count == 2, let number = UInt32(parts[0]) { files[number] = parts[1] }
        }
        self.files = files
        let last = try server.psql("SELECT pg_walfile_name(pg_switch_wal())")
        try server.psql("CHECKPOINT")
        try server.stop()
        let directory = server.dataDirectory + "/pg_wal"
        var segments: [(name: SegmentName, bytes: [UInt8])] = []
        for file in try DurableFiles.list(directory) where file <= last {
            guard let name = SegmentName(fileName: file, size: Self.segmentSize) else { continue }
            segments.append((name, try DurableFiles.read(directory + "/" + file)))
        }
        self.segments = segments
        let system = segments.first.flatMap { $0.bytes.withUnsafeBytes { WALPageHeader($0) } }?.segment
        layout = RepositoryLayout(root: scratch.file("repository"))
        try layout.create(
            RepositoryIdentity(
                serverID: "s", systemIdentifier: system?.systemIdentifier ?? 0, postgresMajor: 15,
                segmentSize: Self.segmentSize))
        for (name, bytes) in segments {
            try DurableFiles.write(bytes, to: scratch.file("source"), durable: false)
            _ = try archive.push(path: scratch.file("source"), name: name.fileName)
        }
    }

    /// The names of these tables by their files' numbers.
    func tables(_ names: [String]) -> [UInt32: String] {
        files.filter { names.contains($0.value) }
    }

    /// The indexes as stored, in WAL order; stops at none.
    func indexes(_ extent: IndexExtent) throws -> [SegmentIndex] {
        let segments = try archive.segments()
        var indexes: [SegmentIndex] = []
        for (place, segment) in segments.enumerated() {
            let before = place > 0 ? segments[place - 1] : nil
            let stored = try archive.storedIndex(of: segment, after: before, extent: extent)
            guard let index = stored.index else {
                throw Problem(.stateDamaged, "the index of \(segment.name) is not intact: \(stored)")
            }
            indexes.append(index)
        }
        return indexes
    }
}
