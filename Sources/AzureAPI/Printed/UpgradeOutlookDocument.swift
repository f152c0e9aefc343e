public import ServiceModel

/// What an upgrade would do.
public struct UpgradeOutlookDocument: Codable, Sendable {
    public var copiedBytes: UInt64
    public var dataBytes: UInt64
    public var files: UpgradeRequest.Files
    public var from: String
    public var isPossible: Bool
    public var server: String
    public var sharesBlocks: Bool
    public var to: String

    /// - Parameter outlook: one whose checks have passed; what stands in the way is an error.
    public init(_ outlook: UpgradeOutlook) {
        copiedBytes = outlook.sharesBlocks ? 0 : outlook.copiedBytes
        dataBytes = outlook.dataBytes
        files = outlook.files
        from = outlook.from
        isPossible = true
        server = outlook.server
        sharesBlocks = outlook.sharesBlocks
        to = outlook.to
    }
}
