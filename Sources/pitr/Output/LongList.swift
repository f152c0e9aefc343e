import Notation

/// A list in a report that may be very long: its items are made batch by batch as they are printed, so that
/// they are never held all at once.
struct LongList: Sendable {
    /// The field of the report's value that it is.
    let name: String
    let count: Int
    let items: @Sendable (Range<Int>) throws -> [JSONValue]

    private static let batchSize = 256

    /// Hands over the items in order; `body` returns false once no more are wanted.
    func forEachBatch(_ body: ([JSONValue]) throws -> Bool) throws {
        for start in stride(from: 0, to: count, by: Self.batchSize) {
            guard try body(items(start..<min(start + Self.batchSize, count))) else { return }
        }
    }

    /// All of it as a value.
    func value() throws -> JSONValue {
        .array(try items(0..<count))
    }
}
