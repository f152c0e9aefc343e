import CLibPQ
public import Platform
public import PostgresFormat

/// What a server tells over a replication connection of itself, without any right but to replicate.
public struct ReplicatedServer: Sendable, Hashable {
    public var identity: SystemIdentity
    /// As `server_version_num`: 150018.
    public var version: Int
    /// As `server_version`: `15.18 (Debian 15.18-1)`.
    public var versionText: String
    /// It replays the WAL of another one.
    public var isStandby: Bool
    public var segmentSize: WALSegmentSize
    public var settings: WALParameters
    public var maxReplicationSlots: Int
    /// Megabytes of WAL that slots may hold back; nil where nothing bounds them.
    public var slotKeepSize: String?
    /// `shared_preload_libraries`; nil where the role may not see it.
    public var preloadLibraries: String?
}

extension ReplicationConnection {
    /// Asks the server for what is to be known before it is attached. Nothing is changed.
    public func describeServer() throws(Problem) -> ReplicatedServer {
        let handle = try libpq.open()
        func parameter(_ name: String) -> String? {
            PQparameterStatus(handle, name).map { String(cString: $0) }
        }
        func number<Number: FixedWidthInteger>(_ name: String, _: Number.Type) throws(Problem) -> Number {
            let text = try show(name)
            guard let value = Number(text) else { throw Self.unexpected(name, text) }
            return value
        }
        let level = try show("wal_level")
        guard let walLevel = WALLevel.allCases.first(where: { "\($0)" == level }) else {
            throw Self.unexpected("wal_level", level)
        }
        let size = try show("wal_segment_size")
        guard let bytes = Self.bytes(size), let segmentSize = WALSegmentSize(bytes: bytes) else {
            throw Self.unexpected("wal_segment_size", size)
        }
        let keep = try show("max_slot_wal_keep_size")
        return ReplicatedServer(
            identity: try identifySystem(), version: Int(PQserverVersion(handle)),
            versionText: parameter("server_version") ?? "",
            isStandby: parameter("in_hot_standby") == "on", segmentSize: segmentSize,
            settings: WALParameters(
                maxConnections: try number("max_connections", Int32.self),
                maxWorkerProcesses: try number("max_worker_processes", Int32.self),
                maxWalSenders: try number("max_wal_senders", Int32.self),
                maxPreparedTransactions: try number("max_prepared_transactions", Int32.self),
                maxLocksPerTransaction: try number("max_locks_per_transaction", Int32.self),
                walLevel: walLevel),
            maxReplicationSlots: try number("max_replication_slots", Int.self),
            slotKeepSize: keep == "-1" ? nil : keep,
            // A role that may only replicate is refused, and that is all it needs to be.
            preloadLibraries: try? show("shared_preload_libraries"))
    }

    /// Whether it replays the WAL of another one at this moment.
    public func isStandby() throws(Problem) -> Bool { try show("in_hot_standby") == "on" }

    /// `16MB` in bytes; nil for what is none.
    public static func bytes(_ text: String) -> UInt64? {
        let units: [(String, UInt64)] = [
            ("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1),
        ]
        for (unit, factor) in units where text.hasSuffix(unit) {
            return UInt64(text.dropLast(unit.count)).map { $0 * factor }
        }
        return nil
    }

    private static func unexpected(_ name: String, _ value: String) -> Problem {
        Problem(.queryFailed, "the server gives '\(name)' as '\(value)', which cannot be read")
    }
}
