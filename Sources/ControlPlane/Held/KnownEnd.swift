import Catalog
import Platform
import PostgresFormat
import Repository
import Restore

/// How far a server's WAL went when pitr last saw it, kept apart from the server: what its disk or its files
/// lose later is missed.
struct KnownEnd: Hashable {
    static let format: Int64 = 1

    var timeline: TimelineID
    /// A running server said that it had flushed up to there.
    var flushed: LSN?
    /// The last checkpoint of a server that was deleted begins there.
    var checkpoint: LSN?
    /// Whether that checkpoint was its last record.
    var isClean = false

    var bounds: [WALTailBound] {
        [
            flushed.map(WALTailBound.seen),
            checkpoint.map { isClean ? .shutdownCheckpoint($0) : .checkpoint($0) },
        ]
        .compactMap { $0 }
    }

    // MARK: As a file

    var encoded: [UInt8] {
        var object: JSONObject = [
            "format": .integer(Self.format), "timeline": .integer(Int64(timeline.rawValue)),
            "isClean": .bool(isClean),
        ]
        if let flushed { object["flushed"] = .string(flushed.description) }
        if let checkpoint { object["checkpoint"] = .string(checkpoint.description) }
        return DescribedDocument.seal(object)
    }

    init(timeline: TimelineID) {
        self.timeline = timeline
    }

    /// Throws `.stateDamaged` or `.formatTooNew`.
    init(parsing bytes: [UInt8], path: String) throws(Problem) {
        let document = DescribedDocument(path: path)
        let object = try document.unseal(bytes, format: Self.format)
        guard let number = object["timeline"]?.integer.flatMap({ UInt32(exactly: $0) }) else {
            throw document.damaged("it names no timeline")
        }
        timeline = TimelineID(number)
        flushed = object["flushed"]?.string.flatMap { LSN($0) }
        checkpoint = object["checkpoint"]?.string.flatMap { LSN($0) }
        isClean = object["isClean"]?.bool ?? false
    }
}

extension ControlPlane {
    /// Nil where nothing is known, or of another timeline: a server that was promoted has another end. What
    /// cannot be read proves nothing, and an end that nothing proves is said to be so.
    func knownEnd(of row: ServerRow, on timeline: TimelineID) -> KnownEnd? {
        let path = paths.knownEnd(row.id)
        guard let bytes = try? DurableFiles.readIfPresent(path),
            let known = try? KnownEnd(parsing: bytes, path: path), known.timeline == timeline
        else { return nil }
        return known
    }

    /// Keeps how far a running server has flushed. One that cannot be written costs a proof and no restore.
    func noteFlushed(_ row: ServerRow, _ lsn: LSN, on timeline: TimelineID) {
        // What a running server says is the truth, also where it is less than it said before a crash.
        guard knownEnd(of: row, on: timeline)?.flushed != lsn else { return }
        var next = KnownEnd(timeline: timeline)
        next.flushed = lsn
        try? write(next, of: row)
    }

    /// Keeps what the files of a stopped server say of its WAL's end, which go with the server.
    func noteEnd(of row: ServerRow, on timeline: TimelineID, _ bounds: [WALTailBound]) throws {
        var next = knownEnd(of: row, on: timeline) ?? KnownEnd(timeline: timeline)
        for bound in bounds {
            switch bound {
            case .shutdownCheckpoint(let lsn): (next.checkpoint, next.isClean) = (lsn, true)
            case .checkpoint(let lsn): (next.checkpoint, next.isClean) = (lsn, false)
            case .minimumRecovery(let lsn), .finishedSegment(let lsn), .backup(let lsn), .flushed(let lsn),
                .seen(let lsn):
                next.flushed = max(next.flushed ?? .zero, lsn)
            case .record: break
            }
        }
        try write(next, of: row)
    }

    private func write(_ end: KnownEnd, of row: ServerRow) throws {
        try DurableFiles.makeDirectories(paths.knownEnds)
        try DurableFiles.write(end.encoded, to: paths.knownEnd(row.id))
    }

    func forgetEnd(of row: ServerRow) throws(Problem) {
        _ = try DurableFiles.removeFile(paths.knownEnd(row.id))
    }
}
