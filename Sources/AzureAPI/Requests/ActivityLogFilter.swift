public import Platform
public import PostgresFormat
public import ServiceModel

/// Which events of the activity log are wanted.
public struct ActivityLogFilter: Hashable, Sendable {
    /// Both ends belong to it.
    public var from: PostgresTimestamp?
    public var to: PostgresTimestamp?
    public var resourceGroup: String?
    public var resourceID: String?
    public var resourceProvider: String?
    public var correlationID: String?
    public var caller: String?
    public var status: String?

    private static let known = [
        "eventTimestamp ge", "eventTimestamp le", "resourceGroupName eq", "resourceId eq",
        "resourceUri eq", "resourceProvider eq", "correlationId eq", "caller eq", "status eq",
    ]

    /// Reads a `$filter`; nil wants everything. Throws `.badRequest` with the term that is not understood.
    public init(_ text: String?) throws(Problem) {
        guard let text else { return }
        for term in try ODataFilter(text).comparisons {
            switch (term.field.lowercased(), term.operation) {
            case ("eventtimestamp", "ge"): from = try Self.time(term.value)
            case ("eventtimestamp", "le"): to = try Self.time(term.value)
            case ("resourcegroupname", "eq"): resourceGroup = term.value
            case ("resourceid", "eq"), ("resourceuri", "eq"): resourceID = term.value
            case ("resourceprovider", "eq"): resourceProvider = term.value
            case ("correlationid", "eq"): correlationID = term.value
            case ("caller", "eq"): caller = term.value
            case ("status", "eq"): status = term.value
            default: throw ODataFilter.unknown(term, known: Self.known)
            }
        }
    }

    /// Whether an event is wanted; names are compared without regard to case.
    public func matches(_ event: ActivityEvent) -> Bool {
        func same(_ wanted: String?, _ value: String) -> Bool {
            wanted.map { $0.lowercased() == value.lowercased() } ?? true
        }
        if let from, event.time < from { return false }
        if let to, event.time > to { return false }
        guard same(resourceGroup, event.resourceGroup), same(correlationID, event.correlationID),
            same(caller, event.caller), same(status, event.status.rawValue)
        else { return false }
        if let resourceProvider {
            let provider = event.operationName.prefix { $0 != "/" }
            guard provider.lowercased() == resourceProvider.lowercased() else { return false }
        }
        guard let resourceID else { return true }
        // What was done to a part of a server was done to the server.
        let wanted = resourceID.lowercased()
        let id = event.resourceID.lowercased()
        return id == wanted || id.hasPrefix(wanted + "/")
    }

    private static func time(_ text: String) throws(Problem) -> PostgresTimestamp {
        guard let time = RequestTime.parse(text) else {
            throw ODataFilter.refusal("'\(text.prefix(80))' is no time; write 2026-03-22T18:20:22Z")
        }
        return time
    }
}
