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

    /// Very many of them, by what tells whether they are still the same ones.
    public struct Many: Hashable, Sendable {
        /// Where the first one's commit record begins, and the last one's.
        public var first: LSN
        public var last: LSN
        public var count: Int
        /// In hexadecimal digits: over each one's place, time and number, in the order of WAL.
        public var hash: String

        public init(first: LSN, last: LSN, count: Int, hash: String) {
            self.first = first
            self.last = last
            self.count = count
            self.hash = hash
        }
    }

    public enum Kept: Hashable, Sendable {
        case each([One])
        case many(Many)
    }

    /// `745@0/3000148@800000000000000`, the time in microseconds since 2000, with blanks between them; of
    /// very many, `many:0/3000148:0/5000000:200000:` and their hash.
    private let text: String

    public init(_ all: [One]) {
        text = all.map { "\($0.xid)@\($0.commit)@\($0.time.microseconds)" }.joined(separator: " ")
    }

    public init(_ many: Many) {
        text = "\(Self.manyWord):\(many.first):\(many.last):\(many.count):\(many.hash)"
    }

    private static let manyWord = "many"

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
    public func kept() throws(Problem) -> Kept {
        if text.hasPrefix(Self.manyWord + ":") { return .many(try many()) }
        var all: [One] = []
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "@")
            guard parts.count == 3, let xid = UInt32(parts[0]), let commit = LSN(String(parts[1])),
                let time = Int64(parts[2])
            else { throw Self.damaged(word) }
            all.append(
                One(xid: TransactionID(xid), commit: commit, time: PostgresTimestamp(microseconds: time)))
        }
        return .each(all)
    }

    private func many() throws(Problem) -> Many {
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 5, let first = LSN(parts[1]), let last = LSN(parts[2]), first <= last,
            let count = Int(parts[3])
        else { throw Self.damaged(text[...]) }
        return Many(first: first, last: last, count: count, hash: parts[4])
    }

    private static func damaged(_ word: Substring) -> Problem {
        Problem(
            .stateDamaged, "the transactions of a preview are not to be read",
            detail: "'\(word.prefix(60))'", hint: "Make the preview again.")
    }
}
