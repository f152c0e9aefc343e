/// What a side's rows of one table add up to, in buckets by the hash of each row's text: buckets with other
/// sums hold all rows that differ.
///
/// Sums and not exclusive ors: two rows that are alike must not cancel out.
public struct BucketSums: Hashable, Sendable {
    public struct Sum: Hashable, Sendable {
        public var rows: UInt64 = 0
        /// Of the halves of the hashes, without carry.
        public var high: UInt64 = 0
        public var low: UInt64 = 0
    }

    public private(set) var sums: [Sum]

    /// - Parameter count: of buckets, a power of two.
    public init(count: Int) {
        sums = [Sum](repeating: Sum(), count: count)
    }

    /// As many as make a bucket of some hundred rows, within bounds: a page has about a hundred of them.
    public static func count(forPages pages: UInt64) -> Int {
        var count = 64
        while count < 1 << 15, UInt64(count) * 4 < pages { count *= 2 }
        return count
    }

    public mutating func add(bucket: Int, rows: UInt64, high: UInt64, low: UInt64) {
        sums[bucket].rows += rows
        sums[bucket].high &+= high
        sums[bucket].low &+= low
    }

    public var rows: UInt64 { sums.reduce(0) { $0 + $1.rows } }

    /// The buckets in which the sides' rows differ.
    public func differing(from other: BucketSums) -> [Int] {
        sums.indices.filter { sums[$0] != other.sums[$0] }
    }

    /// How many rows these buckets have.
    public func rows(in buckets: [Int]) -> UInt64 { buckets.reduce(0) { $0 + sums[$1].rows } }
}
