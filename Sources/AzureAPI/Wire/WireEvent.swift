public import Platform
public import ServiceModel

/// An event of the activity log on the wire, with the fields that were asked for.
public struct WireEvent: Encodable, Sendable {
    /// The fields of events that a `$select` names.
    public struct Selection: Hashable, Sendable {
        let keys: Set<Key>

        /// Reads a list with commas; nil wants every field. Throws `.badRequest` with a name that is none.
        public init(_ text: String?) throws(Problem) {
            guard let text else {
                keys = Set(Key.allCases)
                return
            }
            var keys: Set<Key> = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let name = part.filter { !$0.isWhitespace }
                guard let key = Key.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() })
                else {
                    throw Problem(
                        .badRequest, "The $select of the request is not valid.",
                        detail: "'\(name.prefix(80))' is not among: "
                            + Key.allCases.map(\.rawValue).joined(separator: ", "))
                }
                keys.insert(key)
            }
            self.keys = keys
        }
    }

    enum Key: String, CodingKey, CaseIterable {
        case authorization, caller, category, claims, correlationId, description, eventDataId, eventName
        case eventTimestamp, httpRequest, id, level, operationId, operationName, properties
        case resourceGroupName, resourceId, resourceProviderName, resourceType, status, subStatus
        case submissionTimestamp, subscriptionId, tenantId
    }

    private struct Authorization: Encodable {
        let action: String
        let scope: String
    }

    private let event: ActivityLogEvent
    private let selection: Selection

    public init(_ event: ActivityEvent, _ selection: Selection) {
        self.event = ActivityLogEvent(event)
        self.selection = selection
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        func put(_ key: Key, _ value: some Encodable) throws {
            if selection.keys.contains(key) { try container.encode(value, forKey: key) }
        }
        try put(
            .authorization,
            Authorization(action: event.authorization.action, scope: event.authorization.scope))
        try put(.caller, event.caller)
        try put(.category, event.category)
        try put(.claims, [String: String]())
        try put(.correlationId, event.correlationId)
        try put(.description, event.description)
        try put(.eventDataId, event.eventDataId)
        try put(.eventName, event.eventName)
        try put(.eventTimestamp, event.eventTimestamp)
        try put(.id, event.id)
        try put(.level, event.level)
        try put(.operationId, event.operationId)
        try put(.operationName, event.operationName)
        try put(.properties, event.properties)
        try put(.resourceGroupName, event.resourceGroupName)
        try put(.resourceId, event.resourceId)
        try put(.resourceProviderName, event.resourceProviderName)
        try put(.resourceType, event.resourceType)
        try put(.status, event.status)
        try put(.subStatus, event.subStatus)
        try put(.submissionTimestamp, event.submissionTimestamp)
        try put(.subscriptionId, event.subscriptionId)
        try put(.tenantId, ResourceID.tenant)
    }
}
