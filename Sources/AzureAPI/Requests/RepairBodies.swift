import Planning
public import Platform
public import ServiceModel
import WALEvents

/// The body of `POST …/undo`: which transactions, and how.
public struct UndoBody: Sendable {
    public var request: UndoRequest

    /// - Parameter server: the source.
    public init(_ bytes: [UInt8], of server: ServerReference) throws(Problem) {
        let properties = try RequestBody(bytes).part("properties")
        request = UndoRequest(
            resourceGroup: server.resourceGroup, sourceServer: ResourceID.server(server),
            wanted: try Self.wanted(properties))
        request.database = try properties.text("database")
        request.tables = try properties.texts("tables")
        request.columns = try properties.texts("columns")
        request.condition = try properties.text("where")
        request.conditionAfter = try properties.text("whereAfter")
        if let text = try properties.text("conflicts") {
            guard let rule = ConflictRule(rawValue: text.lowercased()) else {
                throw RequestBody.invalidParameter(
                    "conflicts", text, allowed: ConflictRule.allCases.map(\.rawValue))
            }
            request.conflicts = rule
        }
        request.decisions = try Self.decisions(properties)
        request.isStrict = try properties.flag("strict") ?? false
        request.disablesTriggers = try properties.flag("disableTriggers") ?? false
        request.batch = try properties.number("batch")
        request.proves = try properties.flag("proof") ?? true
        request.isPreview = try properties.flag("preview") ?? false
    }

    private static func decisions(_ properties: RequestBody) throws(Problem) -> [ConflictDecision]? {
        var decisions: [ConflictDecision] = []
        for part in try properties.parts("decisions") {
            guard let table = try part.text("table") else { throw part.missing("table") }
            guard let column = try part.text("column") else { throw part.missing("column") }
            guard let word = try part.text("decision") else { throw part.missing("decision") }
            guard let choice = ConflictDecision.Choice(rawValue: word.lowercased()) else {
                throw RequestBody.invalidParameter(
                    "decision", word, allowed: ConflictDecision.Choice.allCases.map(\.rawValue))
            }
            decisions.append(
                ConflictDecision(
                    table: table, key: try part.text("key") ?? "", column: column,
                    before: try part.text("before"), after: try part.text("after"),
                    now: try part.text("now"), choice: choice))
        }
        return decisions.isEmpty ? nil : decisions
    }

    private static func wanted(_ properties: RequestBody) throws(Problem) -> UndoRequest.Wanted {
        let numbers = try properties.texts("transactions")
        let words = try properties.text("event")
        let (from, to) = (try properties.text("fromTime"), try properties.text("toTime"))
        guard [!numbers.isEmpty, words != nil, from != nil || to != nil].count(where: \.self) == 1 else {
            throw Problem(
                .invalidParameterValue, "Say once what is to be taken back.",
                detail: "properties has one of 'transactions', 'event', and 'fromTime' with 'toTime'")
        }
        if let words { return try event(words, properties) }
        guard numbers.isEmpty else {
            var transactions: [TransactionNumber] = []
            for text in numbers {
                guard let number = TransactionNumber(text) else {
                    throw RequestBody.invalidParameter(
                        "transactions", text, allowed: ["numbers of transactions, as '745'"])
                }
                transactions.append(number)
            }
            return .transactions(transactions)
        }
        return .window(
            from: try time(from, "fromTime", properties), to: try time(to, "toTime", properties))
    }

    private static func event(
        _ words: String, _ properties: RequestBody
    ) throws(Problem) -> UndoRequest.Wanted {
        var place = EventChoice.Place.only
        var isEvery = false
        switch try properties.text("occurrence")?.lowercased() {
        case nil, "only"?: break
        case "latest"?: place = .latest
        case "every"?: isEvery = true
        case let text?:
            guard let number = Int(text), number > 0 else {
                throw RequestBody.invalidParameter(
                    "occurrence", text, allowed: ["only", "latest", "every", "a number from 1 on"])
            }
            place = .nth(number)
        }
        let rows = try properties.number("minimumRows").map { Int64($0) }
        let event = try RequestedEvent(words, EventChoice(place, minimumRows: rows))
        return isEvery ? .everyEvent(event) : .event(event)
    }

    private static func time(
        _ text: String?, _ name: String, _ properties: RequestBody
    ) throws(Problem) -> RequestedTime {
        guard let text else { throw properties.missing(name) }
        guard let instant = RequestTime.parse(text) else {
            throw RequestBody.invalidParameter(name, text, allowed: ["times as 2026-11-29T04:37:12.345678Z"])
        }
        return RequestedTime(instant, typed: text)
    }
}

/// The body of `POST …/compare`, which may be left out: a copy with a copy of its source's latest moment
/// then.
public struct CompareBody: Sendable {
    public var request: CompareRequest

    /// - Parameter server: what is compared.
    public init(_ bytes: [UInt8], of server: ServerReference) throws(Problem) {
        let properties = try RequestBody.optional(bytes).part("properties")
        let name = try properties.text("with")
        let readsSource = try properties.flag("withSource") ?? false
        guard name == nil || !readsSource else {
            throw Problem(
                .invalidParameterValue, "Say once what to compare with.",
                detail: "properties has one of 'with' and 'withSource'")
        }
        var other = readsSource ? CompareRequest.Other.source : .sourceNow
        if let name {
            guard let found = ResourceID.reference(name, defaultGroup: server.resourceGroup) else {
                throw RequestBody.invalidParameter("with", name, allowed: ["a server's name or id"])
            }
            other = .server(found)
        }
        request = CompareRequest(server: server, other: other)
        request.database = try properties.text("database")
        request.tables = try properties.texts("tables")
        request.comparesSchema = try properties.flag("schema") ?? true
        request.comparesRows = try properties.flag("rows") ?? true
        request.readsAll = try properties.flag("full") ?? false
        if let rate = try properties.number("maximumMiBPerSecond") {
            guard (1...1_000_000).contains(rate) else {
                throw RequestBody.invalidParameter(
                    "maximumMiBPerSecond", String(rate), allowed: ["1 to 1000000"])
            }
            request.maximumRate = UInt64(rate) * 1_048_576
        }
    }
}
