/// A number of 32 bits with a meaning of its own; encoded as the number alone.
public protocol CodedNumber: Codable, CustomStringConvertible {
    var rawValue: UInt32 { get }

    init(_ rawValue: UInt32)
}

extension CodedNumber {
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(UInt32.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { String(rawValue) }
}
