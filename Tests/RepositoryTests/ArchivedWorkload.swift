import Platform
import PostgresFormat
import Repository
import TestKit
import WALEvents

/// The WAL of a PostgreSQL that ran a script, pushed into a repository of its own; segments are 1 MiB.
final class ArchivedWorkload {
    static let segmentSize = WALCraft.smallSegment

    let output: String
    let layout: RepositoryLayout
    /// Every whole segment of the WAL, in order, as it was pushed.
    let segments: [(name: SegmentName, bytes: [UInt8])]
    private let scratch: ScratchDirectory
    private let files: [UInt32: String]

    var archive: WALArchive { WALArchive(layout: layout) }

    init(_ script: String) throws {
        let recorded = try RecordedWorkload.shared(script)
        output = recorded.output
        segments = recorded.segments
        files = recorded.files
        scratch = try ScratchDirectory("load")
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
