import Notation
public import Platform
import PostgresFormat

extension BackupDescriptor {
    /// The text of `backup.json`, sealed.
    public var encoded: [UInt8] { DescribedDocument.seal(fields) }

    /// Reads `backup.json`; `path` is for messages. Throws `.backupDamaged` or `.formatTooNew`.
    public init(parsing bytes: [UInt8], path: String) throws(Problem) {
        let document = DescribedDocument(path: path)
        do throws(Problem) {
            let object = try document.unseal(bytes, format: Self.format)
            guard let read = Self(fields: .object(object)) else {
                throw document.damaged("a field is missing")
            }
            self = read
        } catch {
            guard error.code == .stateDamaged else { throw error }
            throw Problem(.backupDamaged, error.message, detail: error.detail, hint: error.hint)
        }
    }

    private var fields: JSONObject {
        var fields = required
        if !passedOver.isEmpty { fields["passedOver"] = .array(passedOver.map { .string($0) }) }
        if !extensions.isEmpty { fields["extensions"] = .array(extensions.map { .string($0) }) }
        if let preloadLibraries { fields["preloadLibraries"] = .string(preloadLibraries) }
        return fields
    }

    private var required: JSONObject {
        [
            "format": .integer(Self.format),
            "name": .string(name),
            "type": .string(type),
            "source": .string(source.rawValue),
            "label": .string(label),
            "timeline": .integer(Int64(timeline.rawValue)),
            "startLsn": .string(startLSN.description),
            "stopLsn": .string(stopLSN.description),
            "checkpointLsn": .string(checkpointLSN.description),
            "startTime": .string(startTime.description),
            "stopTime": .string(stopTime.description),
            "storage": .string(storage.rawValue),
            "totalBytes": .integer(Int64(totalBytes)),
            "storedBytes": .integer(Int64(storedBytes)),
            "fileCount": .integer(Int64(fileCount)),
            "systemIdentifier": .string(String(systemIdentifier)),
            "postgresVersion": .integer(Int64(postgresVersion)),
            "walSegmentBytes": .integer(Int64(segmentSize.bytes)),
            "settings": [
                "max_connections": .integer(Int64(settings.maxConnections)),
                "max_worker_processes": .integer(Int64(settings.maxWorkerProcesses)),
                "max_wal_senders": .integer(Int64(settings.maxWalSenders)),
                "max_prepared_transactions": .integer(Int64(settings.maxPreparedTransactions)),
                "max_locks_per_transaction": .integer(Int64(settings.maxLocksPerTransaction)),
                "wal_level": .string("\(settings.walLevel)"),
            ],
            "collations": .array(
                collations.map { collation in
                    [
                        "provider": .string(collation.provider), "version": .string(collation.version),
                        "locale": collation.locale.map { .string($0) } ?? .null,
                        "databases": .array(collation.databases.map { .string($0) }),
                    ]
                }),
            "manifestCrc32c": .string(WALArchive.hex(manifestCRC32C)),
            "directories": .array(directories.map { .string($0) }),
            "tablespaces": .array(
                tablespaces.map {
                    ["number": .integer(Int64($0.number)), "location": .string($0.location)]
                }),
        ]
    }

    private init?(fields json: JSONValue) {
        func time(_ name: String) -> PostgresTimestamp? {
            guard let text = json[name]?.string, case .success(let parsed) = TimestampParser.parse(text)
            else {
                return nil
            }
            return parsed.instant
        }
        func number<Number: FixedWidthInteger>(_ name: String, _: Number.Type) -> Number? {
            json[name]?.integer.flatMap { Number(exactly: $0) }
        }
        guard let name = json["name"]?.string,
            let source = json["source"]?.string.flatMap(Source.init(rawValue:)),
            let label = json["label"]?.string,
            let timeline = number("timeline", UInt32.self),
            let startLSN = json["startLsn"]?.string.flatMap({ LSN($0) }),
            let stopLSN = json["stopLsn"]?.string.flatMap({ LSN($0) }),
            let checkpointLSN = json["checkpointLsn"]?.string.flatMap({ LSN($0) }),
            let startTime = time("startTime"), let stopTime = time("stopTime"),
            let storage = json["storage"]?.string.flatMap(Storage.init(rawValue:)),
            let totalBytes = number("totalBytes", UInt64.self),
            let storedBytes = number("storedBytes", UInt64.self),
            let fileCount = number("fileCount", Int.self),
            let system = json["systemIdentifier"]?.string.flatMap({ UInt64($0) }),
            let version = number("postgresVersion", Int.self),
            let segmentSize = number("walSegmentBytes", UInt64.self).flatMap(WALSegmentSize.init(bytes:)),
            let settings = json["settings"].flatMap(Self.settings),
            let manifest = json["manifestCrc32c"]?.string.flatMap({ UInt32($0, radix: 16) }),
            let directories = json["directories"]?.array
        else { return nil }
        self.init(
            name: name, source: source, label: label, timeline: TimelineID(timeline), startLSN: startLSN,
            stopLSN: stopLSN, checkpointLSN: checkpointLSN, startTime: startTime, stopTime: stopTime,
            storage: storage, totalBytes: totalBytes, storedBytes: storedBytes, fileCount: fileCount,
            systemIdentifier: system, postgresVersion: version, segmentSize: segmentSize, settings: settings,
            manifestCRC32C: manifest, directories: directories.compactMap(\.string),
            tablespaces: (json["tablespaces"]?.array ?? []).compactMap { space in
                guard let number = space["number"]?.integer.flatMap({ UInt32(exactly: $0) }),
                    let location = space["location"]?.string
                else { return nil }
                return BackupTablespace(number: number, location: location)
            })
        passedOver = json["passedOver"]?.array?.compactMap(\.string) ?? []
        extensions = json["extensions"]?.array?.compactMap(\.string) ?? []
        preloadLibraries = json["preloadLibraries"]?.string
        collations = (json["collations"]?.array ?? []).compactMap { item in
            guard let provider = item["provider"]?.string, let version = item["version"]?.string else {
                return nil
            }
            return BackupCollation(
                provider: provider, version: version, locale: item["locale"]?.string,
                databases: item["databases"]?.array?.compactMap(\.string) ?? [])
        }
    }

    private static func settings(_ json: JSONValue) -> WALParameters? {
        func number(_ name: String) -> Int32? {
            json[name]?.integer.flatMap { Int32(exactly: $0) }
        }
        guard let connections = number("max_connections"), let workers = number("max_worker_processes"),
            let senders = number("max_wal_senders"), let prepared = number("max_prepared_transactions"),
            let locks = number("max_locks_per_transaction"),
            let level = WALLevel.allCases.first(where: { "\($0)" == json["wal_level"]?.string })
        else { return nil }
        return WALParameters(
            maxConnections: connections, maxWorkerProcesses: workers, maxWalSenders: senders,
            maxPreparedTransactions: prepared, maxLocksPerTransaction: locks, walLevel: level)
    }
}
