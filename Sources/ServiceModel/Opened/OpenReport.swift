public import PostgresFormat

/// What is in a backup and WAL that somebody else made, and what is wrong with them.
public struct OpenReport: Hashable, Sendable {
    /// Segments that are missing between others, by the names of the first and the last.
    public struct Gap: Hashable, Sendable {
        public var first: String
        public var last: String

        public init(first: String, last: String) {
            self.first = first
            self.last = last
        }
    }

    public struct Contents: Hashable, Sendable {
        public var form: OpenedFolder.Form
        /// PostgreSQL's major version.
        public var version: Int
        public var systemIdentifier: UInt64
        public var label: String
        public var began: PostgresTimestamp
        /// The earliest instant that can be restored.
        public var earliest: PostgresTimestamp
        public var startLSN: LSN
        public var stopLSN: LSN
        public var timeline: TimelineID
        public var files: Int
        public var bytes: UInt64
        /// Nil where there is no manifest.
        public var manifestVersion: Int?
        public var tablespaces: [UInt32]
        /// Of the WAL, from the backup's first one on.
        public var segments: Int
        /// Everything before can be replayed.
        public var goodTo: LSN
        /// The last commit or abort before.
        public var lastTime: PostgresTimestamp?
        public var gaps: [Gap]
        /// Never in force in a copy, in words.
        public var leftOut: [String]

        public init(
            form: OpenedFolder.Form, version: Int, systemIdentifier: UInt64, label: String,
            began: PostgresTimestamp, earliest: PostgresTimestamp, startLSN: LSN, stopLSN: LSN,
            timeline: TimelineID, files: Int, bytes: UInt64, manifestVersion: Int?, tablespaces: [UInt32],
            segments: Int, goodTo: LSN, lastTime: PostgresTimestamp?, gaps: [Gap], leftOut: [String]
        ) {
            self.form = form
            self.version = version
            self.systemIdentifier = systemIdentifier
            self.label = label
            self.began = began
            self.earliest = earliest
            self.startLSN = startLSN
            self.stopLSN = stopLSN
            self.timeline = timeline
            self.files = files
            self.bytes = bytes
            self.manifestVersion = manifestVersion
            self.tablespaces = tablespaces
            self.segments = segments
            self.goodTo = goodTo
            self.lastTime = lastTime
            self.gaps = gaps
            self.leftOut = leftOut
        }
    }

    /// Nil where it could not be read at all.
    public var contents: Contents?
    public var findings: [Finding]

    public init(contents: Contents?, findings: [Finding]) {
        self.contents = contents
        self.findings = findings
    }

    /// Whether a copy can be made of it.
    public var isUsable: Bool { contents != nil && !findings.contains { $0.level == .problem } }
}

/// What `open` answers.
public struct OpenedServer: Sendable {
    public var server: ServerDetails
    public var notes: [String]

    public init(server: ServerDetails, notes: [String]) {
        self.server = server
        self.notes = notes
    }
}
