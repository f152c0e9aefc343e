import Notation

/// PostgreSQL's `backup_manifest`: every file of a base backup, and the WAL that must go with it.
///
/// Version 1 (PostgreSQL 13 to 16), or version 2 (17 and later), which names the system that it is of.
///
/// Printing gives the very shape that PostgreSQL writes, and reading accepts only what PostgreSQL would.
public struct BackupManifest: Hashable, Sendable {
    public enum ChecksumAlgorithm: String, Hashable, Sendable, CaseIterable {
        case crc32c = "CRC32C"
        case sha224 = "SHA224"
        case sha256 = "SHA256"
        case sha384 = "SHA384"
        case sha512 = "SHA512"

        /// The size of a checksum in bytes.
        public var size: Int {
            switch self {
            case .crc32c: 4
            case .sha224: 28
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }
    }

    public struct Checksum: Hashable, Sendable {
        public let algorithm: ChecksumAlgorithm
        /// The checksum's bytes in memory order: a CRC-32C has its lowest byte first.
        public let bytes: [UInt8]

        /// Nil if there are not as many bytes as the algorithm gives.
        public init?(algorithm: ChecksumAlgorithm, bytes: [UInt8]) {
            guard bytes.count == algorithm.size else { return nil }
            self.algorithm = algorithm
            self.bytes = bytes
        }

        public init(crc32c: UInt32) {
            algorithm = .crc32c
            bytes = withUnsafeBytes(of: crc32c.littleEndian) { Array($0) }
        }

        public var crc32c: UInt32? {
            guard algorithm == .crc32c else { return nil }
            return bytes.withUnsafeBytes { $0.little(0) }
        }
    }

    public struct File: Hashable, Sendable {
        /// Relative to the data directory, with slashes.
        public var path: String
        /// In bytes.
        public var size: UInt64
        /// To the second.
        public var lastModified: PostgresTimestamp
        /// Nil where the backup was made without checksums.
        public var checksum: Checksum?

        public init(path: String, size: UInt64, lastModified: PostgresTimestamp, checksum: Checksum?) {
            self.path = path
            self.size = size
            self.lastModified = lastModified
            self.checksum = checksum
        }
    }

    /// WAL that a restore of the backup must replay, on one timeline.
    public struct WALRange: Hashable, Sendable {
        public var timeline: TimelineID
        public var start: LSN
        public var end: LSN

        public init(timeline: TimelineID, start: LSN, end: LSN) {
            self.timeline = timeline
            self.start = start
            self.end = end
        }
    }

    public var files: [File]
    public var walRanges: [WALRange]
    /// Nil makes it a manifest of version 1.
    public var systemIdentifier: UInt64?

    public init(files: [File], walRanges: [WALRange], systemIdentifier: UInt64? = nil) {
        self.files = files
        self.walRanges = walRanges
        self.systemIdentifier = systemIdentifier
    }

    /// The manifest as PostgreSQL writes it.
    ///
    /// - Parameter sha256: the SHA-256 of some bytes, 32 bytes long; the manifest's last line carries it.
    public func printed<Failure: Error>(
        sha256: ([UInt8]) throws(Failure) -> [UInt8]
    ) throws(Failure) -> [UInt8] {
        var text: [UInt8] = []
        let version = systemIdentifier == nil ? 1 : 2
        text.append(contentsOf: "{ \"PostgreSQL-Backup-Manifest-Version\": \(version),\n".utf8)
        if let systemIdentifier {
            text.append(contentsOf: "\"System-Identifier\": \(systemIdentifier),\n".utf8)
        }
        text.append(contentsOf: "\"Files\": [".utf8)
        for (index, file) in files.enumerated() {
            text.append(contentsOf: (index == 0 ? "\n" : ",\n").utf8)
            Self.append(file, to: &text)
        }
        text.append(contentsOf: "\n],\n\"WAL-Ranges\": [".utf8)
        for (index, range) in walRanges.enumerated() {
            text.append(contentsOf: (index == 0 ? "\n" : ",\n").utf8)
            text.append(
                contentsOf: """
                    { "Timeline": \(range.timeline), "Start-LSN": "\(range.start)", "End-LSN": "\(range.end)" }
                    """.utf8)
        }
        text.append(contentsOf: "\n],\n".utf8)
        let checksum = try sha256(text)
        text.append(contentsOf: "\"Manifest-Checksum\": \"\(Hexadecimal.text(checksum))\"}\n".utf8)
        return text
    }

    private static func append(_ file: File, to text: inout [UInt8]) {
        text.append(contentsOf: "{ \"Path\": ".utf8)
        JSONValue.quote(file.path, into: &text)
        text.append(contentsOf: ", \"Size\": \(file.size), \"Last-Modified\": \"".utf8)
        text.append(contentsOf: ManifestTime.print(file.lastModified).utf8)
        text.append(UInt8(ascii: "\""))
        if let checksum = file.checksum {
            text.append(contentsOf: ", \"Checksum-Algorithm\": \"\(checksum.algorithm.rawValue)\"".utf8)
            text.append(contentsOf: ", \"Checksum\": \"\(Hexadecimal.text(checksum.bytes))\"".utf8)
        }
        text.append(contentsOf: " }".utf8)
    }
}

/// The time of a file in a manifest: `2026-03-31 22:02:13 GMT`.
enum ManifestTime {
    static func print(_ time: PostgresTimestamp) -> String {
        String(time.wholeSeconds.map { $0 == "T" ? " " : $0 }.dropLast()) + " GMT"
    }

    static func parse(_ text: String) -> PostgresTimestamp? {
        guard text.hasSuffix(" GMT"),
            case .success(let parsed) = TimestampParser.parse(String(text.dropLast(4)) + "Z")
        else { return nil }
        return parsed.instant
    }
}
