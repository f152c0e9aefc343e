import Notation
import Platform
public import PostgresFormat

/// What a repository is of, as `repository.json` says.
public struct RepositoryIdentity: Hashable, Sendable {
    /// The version of the folder's layout and of the files in it.
    public static let format: Int64 = 1

    /// The immutable id of the server.
    public let serverID: String
    /// PostgreSQL's system identifier: shared by a server and its restored copies.
    public let systemIdentifier: UInt64
    /// PostgreSQL's major version.
    public let postgresMajor: Int
    public let segmentSize: WALSegmentSize

    public init(
        serverID: String, systemIdentifier: UInt64, postgresMajor: Int,
        segmentSize: WALSegmentSize = .standard
    ) {
        self.serverID = serverID
        self.systemIdentifier = systemIdentifier
        self.postgresMajor = postgresMajor
        self.segmentSize = segmentSize
    }

    /// The system identifier is text: it needs all 64 bits, more than many readers of JSON keep of a number.
    var json: JSONValue {
        [
            "format": .integer(Self.format),
            "kind": "repository of one PostgreSQL server: base backups and WAL",
            "serverId": .string(serverID),
            "systemIdentifier": .string(String(systemIdentifier)),
            "postgresMajor": .integer(Int64(postgresMajor)),
            "walSegmentBytes": .integer(Int64(segmentSize.bytes)),
        ]
    }

    init(parsing bytes: [UInt8], path: String) throws(Problem) {
        let document = DescribedDocument(path: path)
        let json = try document.parse(bytes, format: Self.format)
        guard let serverID = json["serverId"]?.string,
            let system = json["systemIdentifier"]?.string.flatMap({ UInt64($0) }),
            let major = json["postgresMajor"]?.integer,
            let segment = json["walSegmentBytes"]?.integer,
            let segmentSize = WALSegmentSize(bytes: UInt64(clamping: segment))
        else { throw document.damaged("a field is missing") }
        self.init(
            serverID: serverID, systemIdentifier: system, postgresMajor: Int(clamping: major),
            segmentSize: segmentSize)
    }
}
