public import ServiceModel
public import PostgresFormat

/// What a drill tried, and what came of it. Times are UTC with microseconds.
public struct DrillDocument: Codable, Sendable, Hashable {
    public struct Database: Codable, Sendable, Hashable {
        public var name: String
        /// SHA-256 of its definitions.
        @OrNull public var schemaSha256: String?
        public var tables: [Table]
    }

    public struct Table: Codable, Sendable, Hashable {
        public var name: String
        public var rows: UInt64
    }

    /// Null where the restore failed.
    public struct Restore: Codable, Sendable, Hashable {
        public var backup: String
        @OrNull public var backupCompletedAtUtc: String?
        public var dataBytes: UInt64
        @OrNull public var lastCommitInsideUtc: String?
        public var operationId: String
        public var postgresVersion: String
        /// The recovery time: from the request until the copy was open.
        public var seconds: Double
        /// The recovery point: from the last commit inside to the moment that was asked for.
        @OrNull public var secondsBehind: Double?
        public var steps: [RestoreEvidenceDocument.Step]
        public var walEndLsn: String
        public var walSegments: Int
        public var walStartLsn: String
    }

    public struct Rung: Codable, Sendable, Hashable {
        /// Whether somebody asked for it.
        public var asked: Bool
        public var details: [String]
        /// `open`, `checksums`, `amcheck`, `rows`, `references`, `assertion`, `comparison`,
        /// `step` or `cleanUp`.
        public var kind: String
        public var name: String
        /// `passed`, `failed` or `notRun`.
        public var outcome: String
        public var seconds: Double
        public var summary: String
    }

    public struct Trend: Codable, Sendable, Hashable {
        public var count: Int
        public var isRegression: Bool
        /// In seconds.
        public var median: Double
        public var ratio: Double
        public var words: String
    }

    public var caller: String
    /// The copy's name.
    public var copy: String
    public var databases: [Database]
    /// Null while it runs.
    @OrNull public var finishedAtUtc: String?
    public var id: String
    public var isScheduled: Bool
    public var keepsCopy: Bool
    public var notes: [String]
    public var pitrVersion: String
    /// Why it failed or was abandoned.
    @OrNull public var reason: String?
    @OrNull public var restore: Restore?
    /// `running`, `passed`, `failed` or `abandoned`.
    public var result: String
    public var rungs: [Rung]
    @OrNull public var seconds: Double?
    public var server: String
    public var serverId: String
    public var startedAtUtc: String
    public var target: String
    @OrNull public var trend: Trend?

    public init(_ record: DrillRecord) {
        caller = record.caller
        copy = record.copy
        databases = record.databases.map { database in
            var document = Database(
                name: database.name, tables: database.tables.map { Table(name: $0.name, rows: $0.rows) })
            document.schemaSha256 = database.schema
            return document
        }
        id = record.id
        isScheduled = record.isScheduled
        keepsCopy = record.keepsCopy
        notes = record.notes
        pitrVersion = record.pitrVersion
        result = record.result.rawValue
        rungs = record.rungs.map { rung in
            Rung(
                asked: rung.isAsked, details: rung.details, kind: rung.kind.rawValue, name: rung.name,
                outcome: rung.outcome.rawValue, seconds: rung.seconds, summary: rung.summary)
        }
        server = record.server
        serverId = record.serverID
        startedAtUtc = record.startedAt.description
        target = record.target
        finishedAtUtc = record.finishedAt?.description
        reason = record.reason
        seconds = record.seconds
        restore = record.restore.map(Restore.init)
        trend = record.trend.map { trend in
            Trend(
                count: trend.count, isRegression: trend.isRegression, median: trend.median,
                ratio: trend.ratio, words: trend.words)
        }
    }
}

extension DrillDocument.Restore {
    init(_ restore: DrillRecord.Restore) {
        self.init(
            backup: restore.backup, dataBytes: restore.dataBytes, operationId: restore.operationID,
            postgresVersion: restore.postgresVersion, seconds: restore.seconds,
            steps: restore.steps.map { RestoreEvidenceDocument.Step(name: $0.name, seconds: $0.seconds) },
            walEndLsn: restore.walEnd.description, walSegments: restore.walSegments,
            walStartLsn: restore.walStart.description)
        backupCompletedAtUtc = restore.backupCompletedAt?.description
        lastCommitInsideUtc = restore.lastCommitInside?.description
        secondsBehind = restore.secondsBehind
    }
}

/// A drill in a list.
public struct DrillEntryDocument: Codable, Sendable, Hashable {
    public var failed: Int
    @OrNull public var finishedAtUtc: String?
    public var id: String
    public var isScheduled: Bool
    public var notRun: Int
    public var passed: Int
    @OrNull public var reason: String?
    /// The recovery time; null where the restore failed.
    @OrNull public var restoreSeconds: Double?
    public var result: String
    public var server: String
    public var serverId: String
    public var startedAtUtc: String
    public var target: String
    /// In words; null where there are too few earlier ones.
    @OrNull public var trend: String?

    public init(_ record: DrillRecord) {
        failed = record.count(.failed)
        id = record.id
        isScheduled = record.isScheduled
        notRun = record.count(.notRun)
        passed = record.count(.passed)
        result = record.result.rawValue
        server = record.server
        serverId = record.serverID
        startedAtUtc = record.startedAt.description
        target = record.target
        finishedAtUtc = record.finishedAt?.description
        reason = record.reason
        restoreSeconds = record.restore?.seconds
        trend = record.trend?.words
    }
}

/// When a server's restore is rehearsed by itself; nothing but the server where it is not.
public struct DrillScheduleDocument: Codable, Sendable, Hashable {
    public var assertions: [String]
    @OrNull public var chosenAtUtc: String?
    @OrNull public var chosenBy: String?
    @OrNull public var database: String?
    /// 0 is Sunday; null is every day.
    @OrNull public var dayOfWeek: Int?
    @OrNull public var nextTimeUtc: String?
    public var server: String
    /// Of the steps, with their commands as they were written.
    public var steps: [DrillCommand]
    /// `03:00`, in UTC; null where there is no schedule.
    @OrNull public var time: String?

    public init(_ schedule: DrillSchedule?, server reference: ServerReference, now: PostgresTimestamp) {
        assertions = schedule?.assertions.map(\.name) ?? []
        server = ResourceID.server(reference)
        steps = schedule?.steps ?? []
        guard let schedule else { return }
        chosenAtUtc = schedule.chosenAt?.description
        chosenBy = schedule.chosenBy
        database = schedule.database
        dayOfWeek = schedule.dayOfWeek
        nextTimeUtc = schedule.nextDue(after: now)?.description
        time = schedule.time
    }
}
