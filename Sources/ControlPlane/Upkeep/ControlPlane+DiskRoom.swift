import Catalog
import GRDB
import Instance
import Notation
import Planning
import Platform
import PostgresFormat
import Repository

extension ControlPlane {
    /// Segments that a server must always find room for: the one it writes and those it makes ahead.
    private static let segmentsKept: UInt64 = 3
    /// Bytes of a new server with its first segments and its first backup.
    static let newServerBytes: UInt64 = 80 << 20

    /// The room at `path`, less what the servers on that file system need to go on: three segments for each
    /// of them, and a hundredth of the file system.
    func diskRoom(_ path: String) throws -> DiskRoom {
        var place = path
        while DurableFiles.device(of: place) == nil, place != "/" { place = DurableFiles.parent(of: place) }
        let device = DurableFiles.device(of: place)
        let servers = try catalog.read {
            try ServerRow.filter(Column("phase") == ServerPhase.complete.rawValue).fetchAll($0)
        }
        // The WAL may be on a file system of its own.
        let here = servers.filter { DurableFiles.device(of: instancePaths($0).data + "/pg_wal") == device }
        guard !here.isEmpty else { return DiskRoom(path: place, reserve: 0) }
        let segments = here.reduce(0) { $0 + Self.segmentsKept * segmentSize(of: $1).bytes }
        return DiskRoom(path: place, reserve: segments + (try DurableFiles.totalBytes(place)) / 100)
    }

    /// What to know of a disk on which a copy may not fit, or not for long.
    ///
    /// - Parameter free: bytes that the servers there do not need.
    func roomNotes(_ plan: RestorePlan, free: UInt64, source: ServerRow) throws -> [String] {
        guard free >= plan.leastBytes else { return [] }
        if free < plan.estimatedBytes {
            return [
                "The disk may be too small: the copy takes about \(ByteText.of(plan.estimatedBytes)), "
                    + "\(ByteText.of(plan.growthBytes ?? plan.walBytes)) of it added by replay. "
                    + "The restore stops by itself before it takes the room that the servers need."
            ]
        }
        let staged = UInt64(plan.segments.count) * plan.segmentSize.bytes
        let largest = ServerSettings.largestWALBytes(try userParameters(source.id))
        guard largest > staged, free - plan.estimatedBytes < largest - staged else { return [] }
        return [
            "The disk may become too small: once the copy is written to, its WAL may take up to "
                + "\(ByteText.of(largest)) (max_wal_size), and the restore leaves "
                + "\(ByteText.of(free - plan.estimatedBytes)) beside it."
        ]
    }

    /// As its repository says; while that cannot be read, as servers are made.
    func segmentSize(of server: ServerRow) -> WALSegmentSize {
        (try? layout(server).identity())?.segmentSize ?? .standard
    }
}
