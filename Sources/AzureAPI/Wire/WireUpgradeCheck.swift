public import ServiceModel

/// What the check before a major version upgrade found where nothing stands in its way.
public struct WireUpgradeCheck: Encodable, Sendable {
    public enum Status: String, Encodable, Sendable {
        case succeeded = "Succeeded"
    }

    public var status = Status.succeeded
    public var local: UpgradeOutlookDocument

    public init(_ outlook: UpgradeOutlook) {
        local = UpgradeOutlookDocument(outlook)
    }
}
