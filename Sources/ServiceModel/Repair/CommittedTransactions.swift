public import Platform
public import PostgresFormat

/// Transactions by what nothing that commits later can change: each one's number, and where the record begins
/// that ends it.
public struct CommittedTransactions: Codable, Hashable, Sendable {
    public struct One: Hashable, Sendable {
        public var xid: TransactionID
        /// Where its commit record begins.
        public var commit: LSN

        public init(xid: TransactionID, commit: LSN) {
            self.xid = xid
            self.commit = commit
        }
    }

    /// `745@0/3000148`, with blanks between them: there may be very many, and what keeps them is read more
    /// often than they are.
    private let text: String

    public init(_ all: [One]) {
        text = all.map { "\($0.xid)@\($0.commit)" }.joined(separator: " ")
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
    /// - Throws: `.stateDamaged` where it is not to be read.
    public func all() throws(Problem) -> [One] {
        var all: [One] = []
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "@")
            guard parts.count == 2, let xid = UInt32(parts[0]), let commit = LSN(String(parts[1])) else {
                throw Problem(
                    .stateDamaged, "the transactions of a preview are not to be read",
                    detail: "'\(word.prefix(40))'", hint: "Make the preview again.")
            }
            all.append(One(xid: TransactionID(xid), commit: commit))
        }
        return all
    }
}
