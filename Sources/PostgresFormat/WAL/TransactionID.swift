/// A transaction's 32-bit number. It wraps around, so two of them have an order only within a window: none is
/// offered.
public struct TransactionID: Hashable, Sendable, CodedNumber {
    public let rawValue: UInt32

    /// Zero: no transaction (PostgreSQL's `InvalidTransactionId`).
    public static let none = TransactionID(0)

    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Whether a real transaction carries it: 0, 1 and 2 are reserved.
    public var isNormal: Bool { rawValue >= 3 }
}
