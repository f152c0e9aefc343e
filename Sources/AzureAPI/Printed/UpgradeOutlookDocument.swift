public import ServiceModel

/// What an upgrade would do.
public struct UpgradeOutlookDocument: Codable, Sendable {
    public var dataBytes: UInt64
    public var from: String
    public var isPossible: Bool
    public var server: String
    public var sharesBlocks: Bool
    public var to: String

    /// - Parameter outlook: one whose checks have passed; what stands in the way is an error.
    public init(_ outlook: UpgradeOutlook) {
        dataBytes = outlook.dataBytes
        from = outlook.from
        isPossible = true
        server = outlook.server
        sharesBlocks = outlook.sharesBlocks
        to = outlook.to
    }
}
