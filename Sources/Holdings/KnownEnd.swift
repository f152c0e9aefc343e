import Notation
import Platform
import PostgresFormat
import Repository

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
