public import Platform
public import PostgresFormat

/// Transactions by what nothing that commits later can change: each one's number, where the record begins
/// that ends it, and when that was written. Where the same work was done again on the same backup, the first
/// two may be as they were; the time is not.
public struct CommittedTransactions: Codable, Hashable, Sendable {
    public struct One: Hashable, Sendable {
        public var xid: TransactionID
        /// Where its commit record begins.
        public var commit: LSN
        /// As the commit record has it.
        public var time: PostgresTimestamp

        public init(xid: TransactionID, commit: LSN, time: PostgresTimestamp) {
            self.xid = xid
            self.commit = commit
            self.time = time
        }
    }

    /// `745@0/3000148@800000000000000`, the time in microseconds since 2000, with blanks between them.
    private let text: String

    public init(_ all: [One]) {
        text = all.map { "\($0.xid)@\($0.commit)@\($0.time.microseconds)" }.joined(separator: " ")
    }

    public init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// As they were given.
    ///
    /// - Throws: `.stateDamaged` where it is not to be read, or has no times.
    public func all() throws(Problem) -> [One] {
        var all: [One] = []
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "@")
            guard parts.count == 3, let xid = UInt32(parts[0]), let commit = LSN(String(parts[1])),
                let time = Int64(parts[2])
            else {
                throw Problem(
                    .stateDamaged, "the transactions of a preview are not to be read",
                    detail: "'\(word.prefix(60))'", hint: "Make the preview again.")
            }
            all.append(
                One(xid: TransactionID(xid), commit: commit, time: PostgresTimestamp(microseconds: time)))
        }
        return all
    }
}
