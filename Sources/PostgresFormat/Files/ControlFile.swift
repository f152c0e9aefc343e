/// PostgreSQL's `global/pg_control`: what the server knows of itself before it reads anything else.
///
/// Layout: `ControlFileData` of control versions 1300 (PostgreSQL 13 to 16), 1700 and 1800, on a
/// little-endian 64-bit machine. 17 keeps the WAL level in what was padding before; 18 notes the signedness
/// of `char` in front of the nonce, which moves the checksum.
public struct ControlFile: Hashable, Sendable {
    /// What the server was doing when it last wrote the file.
    public enum State: UInt32, Hashable, Sendable, CaseIterable {
        case startingUp = 0
        case shutDown = 1
        case shutDownInRecovery = 2
        case shuttingDown = 3
        case inCrashRecovery = 4
        case inArchiveRecovery = 5
        case inProduction = 6
    }

    public enum Failure: Error, Hashable, Sendable {
        /// Fewer bytes than the structure has.
        case tooShort
        case wrongChecksum
        /// Of another major version, whose layout is not known here.
        case unsupportedVersion(UInt32)
        /// Written by a machine of the other byte order.
        case foreignByteOrder
        /// A field holds what no server writes; its name in the structure.
        case impossible(String)
    }

    public let systemIdentifier: UInt64
    public let controlVersion: UInt32
    public let catalogVersion: UInt32
    public let state: State
    /// Seconds since 1970-01-01 00:00:00 UTC.
    public let lastModified: Int64
    /// Where the latest checkpoint's record is.
    public let checkpoint: LSN
    /// Where replay from that checkpoint begins.
    public let redo: LSN
    public let timeline: TimelineID
    public let previousTimeline: TimelineID
    public let fullPageWrites: Bool
    /// The epoch in the upper half.
    public let nextFullTransactionID: UInt64
    /// Seconds since 1970-01-01 00:00:00 UTC.
    public let checkpointTime: Int64
    /// How far recovery must come before the data is consistent; zero outside archive recovery.
    public let minRecoveryPoint: LSN
    public let minRecoveryTimeline: TimelineID
    /// Where the backup being recovered from began and ends; zero outside such a recovery.
    public let backupStart: LSN
    public let backupEnd: LSN
    public let backupEndRequired: Bool
    public let parameters: WALParameters
    public let walLogHints: Bool
    public let trackCommitTimestamp: Bool
    /// In bytes.
    public let blockSize: UInt32
    public let walBlockSize: UInt32
    public let walSegmentSize: WALSegmentSize
    /// Blocks in a file of a relation.
    public let blocksPerFile: UInt32
    /// Zero when the cluster has no page checksums.
    public let dataChecksumVersion: UInt32

    /// Where each known version has its checksum, which is the structure's last field, in bytes.
    private static let checksumOffsets = Dictionary(
        WALVersion.allCases.map { ($0.controlVersion, $0.controlChecksumOffset) }, uniquingKeysWith: { $1 })

    /// The structure's size in bytes; the file is padded with zeros to 8192.
    public var size: Int { (Self.checksumOffsets[controlVersion] ?? 0) + 4 }

    /// Reads the file's bytes; the version is judged before the checksum, as its place depends on it.
    public init(parsing bytes: [UInt8]) throws(Failure) {
        switch bytes.withUnsafeBytes(Self.read) {
        case .success(let file): self = file
        case .failure(let failure): throw failure
        }
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> Result<ControlFile, Failure> {
        guard bytes.count >= 12 else { return .failure(.tooShort) }
        let version: UInt32 = bytes.little(8)
        guard let checksumOffset = checksumOffsets[version] else {
            let isForeign = checksumOffsets[version.byteSwapped] != nil
            return .failure(isForeign ? .foreignByteOrder : .unsupportedVersion(version))
        }
        guard bytes.count >= checksumOffset + 4 else { return .failure(.tooShort) }
        guard CRC32C.checksum(bytes.part(0, checksumOffset)) == bytes.little(checksumOffset) else {
            return .failure(.wrongChecksum)
        }
        guard let state = State(rawValue: bytes.little(16)) else { return .failure(.impossible("state")) }
        guard let level = WALLevel(rawValue: bytes.little(172)) else {
            return .failure(.impossible("wal_level"))
        }
        guard let segmentSize = WALSegmentSize(bytes: UInt64(bytes.little(228, as: UInt32.self))) else {
            return .failure(.impossible("xlog_seg_size"))
        }
        return .success(ControlFile(bytes, state: state, level: level, segmentSize: segmentSize))
    }

    /// Takes the fields of a structure that was found whole.
    private init(_ bytes: UnsafeRawBufferPointer, state: State, level: WALLevel, segmentSize: WALSegmentSize)
    {
        func flag(_ offset: Int) -> Bool { bytes.little(offset, as: UInt8.self) != 0 }
        self.state = state
        systemIdentifier = bytes.little(0)
        controlVersion = bytes.little(8)
        catalogVersion = bytes.little(12)
        lastModified = bytes.little(24)
        checkpoint = LSN(bytes.little(32))
        redo = LSN(bytes.little(40))
        timeline = TimelineID(bytes.little(48))
        previousTimeline = TimelineID(bytes.little(52))
        fullPageWrites = flag(56)
        nextFullTransactionID = bytes.little(64)
        checkpointTime = bytes.little(104)
        minRecoveryPoint = LSN(bytes.little(136))
        minRecoveryTimeline = TimelineID(bytes.little(144))
        backupStart = LSN(bytes.little(152))
        backupEnd = LSN(bytes.little(160))
        backupEndRequired = flag(168)
        parameters = WALParameters(
            maxConnections: bytes.little(180), maxWorkerProcesses: bytes.little(184),
            maxWalSenders: bytes.little(188), maxPreparedTransactions: bytes.little(192),
            maxLocksPerTransaction: bytes.little(196), walLevel: level)
        walLogHints = flag(176)
        trackCommitTimestamp = flag(200)
        blockSize = bytes.little(216)
        blocksPerFile = bytes.little(220)
        walBlockSize = bytes.little(224)
        walSegmentSize = segmentSize
        dataChecksumVersion = bytes.little(252)
    }
}
