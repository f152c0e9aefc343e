/// Where a version of a row lies in its table: PostgreSQL's `ctid`, a page of the main fork and the number
/// of a line pointer in it, from 1.
public struct RowAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let block: UInt32
    public let offset: UInt16

    public init(block: UInt32, offset: UInt16) {
        self.block = block
        self.offset = offset
    }

    /// Reads `(block,offset)`, as PostgreSQL prints it; anything else is nil.
    public init?(_ text: String) {
        guard text.hasPrefix("("), text.hasSuffix(")") else { return nil }
        let parts = text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2, let block = UInt32(parts[0]), let offset = UInt16(parts[1]) else {
            return nil
        }
        self.init(block: block, offset: offset)
    }

    public var description: String { "(\(block),\(offset))" }

    public static func < (left: RowAddress, right: RowAddress) -> Bool {
        (left.block, left.offset) < (right.block, right.offset)
    }
}
