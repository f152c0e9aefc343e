import ServiceModel

extension RestorePlanDocument {
    /// What the order of text depends on.
    public struct Collation: Codable, Sendable {
        public var databases: [String]
        /// `libc` or `icu`.
        public var provider: String
        /// As the databases noted it when they were made.
        public var recordedVersion: String
        /// Of the library that PostgreSQL uses on this machine; null where it cannot be told.
        @OrNull public var versionHere: String?
    }
}

extension RestorePlanDocument.Collation {
    init(_ collation: CollationVersion) {
        databases = collation.databases
        provider = collation.provider
        recordedVersion = collation.recorded
        versionHere = collation.here
    }
}
