import PostgresFormat

/// What a transaction that commits did to the catalogs, told as events.
struct CommittedChanges {
    let catalog: CatalogState
    let xids: Set<TransactionID>
    let end: IndexedTransactionEnd
    let nets: [NetChange]

    /// In no order that matters.
    var events: [WALEvent] {
        var found: [WALEvent] = []
        var columns: [Column.Owner: [NetChange]] = [:]
        var relations: [Column.Owner: NetChange] = [:]
        for net in nets {
            switch net.after ?? net.before {
            case .relation(let entry): relations[Column.Owner(net.database, entry.object)] = net
            case .column(let entry):
                columns[Column.Owner(net.database, entry.relation), default: []].append(net)
            case .schema(let entry): found += schemaEvent(net, entry)
            case .database(let entry): found += databaseEvent(net, entry)
            case .tablespace(let entry): found += tablespaceEvent(net, entry)
            case .inheritance, nil: break
            }
        }
        let rewritten = rewrittenRelations
        var ofRelations: [WALEvent] = []
        for (owner, net) in relations {
            ofRelations += relationEvents(
                net, columns.removeValue(forKey: owner) ?? [],
                isRewritten: rewritten.contains(owner))
        }
        for (owner, nets) in columns {
            ofRelations += alteration(ofColumns: nets, of: owner)
        }
        return found
            + withoutParts(ofRelations).map { event in
                guard event.subject == .table else { return event }
                var event = event
                event.ancestors = catalog.ancestorObjects(
                    of: ObjectID(event.object.number), in: event.object.databaseID, seenBy: xids)
                return event
            }
    }

    private enum Column {
        struct Owner: Hashable {
            let database: ObjectID
            let relation: ObjectID

            init(_ database: ObjectID, _ relation: ObjectID) {
                self.database = database
                self.relation = relation
            }
        }
    }

    /// Relations that were filled anew through a transient one: VACUUM FULL, CLUSTER, ALTER, REFRESH.
    private var rewrittenRelations: Set<Column.Owner> {
        var found: Set<Column.Owner> = []
        for xid in xids {
            for change in catalog.pending[xid] ?? [] {
                if case .relation(let entry) = change.entry, entry.rewriteOf != .none {
                    found.insert(Column.Owner(change.database, entry.rewriteOf))
                }
            }
        }
        return found
    }

    private func event(
        _ action: WALEvent.Action, _ subject: WALEvent.Subject, _ object: EventObject, _ record: LSN,
        _ details: [String] = []
    ) -> WALEvent {
        WALEvent(
            action: action, subject: subject, object: object, details: details, xid: end.xid,
            record: record == .zero ? end.start : record, commit: end.start, time: end.time,
            boundary: end.start)
    }

    // MARK: Relations

    private func relationEvents(
        _ net: NetChange, _ columns: [NetChange], isRewritten: Bool
    ) -> [WALEvent] {
        let before = net.before?.relation
        let after = net.after?.relation
        guard let entry = after ?? before, let subject = entry.subject, entry.persistence != Self.temporary,
            entry.object.rawValue >= CatalogState.firstNormalObject, entry.rewriteOf == .none
        else { return [] }
        let object = catalog.eventObject(entry, in: net.database, seenBy: xids)
        guard object.schema.map(Self.isPersons) ?? true else { return [] }
        guard let before, let after else {
            if subject == .index, entry.isOfConcurrentReindex { return [] }
            return [event(after == nil ? .drop : .create, subject, object, net.record)]
        }
        var found: [WALEvent] = []
        if !isRewritten, entry.kind == UInt8(ascii: "r"), let record = truncation(net) {
            found.append(event(.truncate, subject, object, record))
        }
        guard subject != .index else { return found }
        let details = alterations(from: before, to: after, in: net.database) + columns.flatMap(alterations)
        if !details.isEmpty {
            var altered = event(.alter, subject, object, net.record, details)
            if before.name != after.name || before.schema != after.schema {
                altered.former = catalog.eventObject(before, in: net.database, seenBy: xids)
            }
            found.append(altered)
        }
        return found
    }

    /// Where a relation got a new and empty file: nothing known of its size any more, and no other
    /// tablespace.
    private func truncation(_ net: NetChange) -> LSN? {
        let isEmptied = net.steps.contains { step in
            guard let old = step.old?.relation, let new = step.new.relation else { return false }
            return old.file != new.file && old.tablespace == new.tablespace && new.pages == 0
                && new.tuples == -1
        }
        return isEmptied ? net.record : nil
    }

    private func alterations(
        from before: RelationEntry, to after: RelationEntry, in database: ObjectID
    ) -> [String] {
        var details: [String] = []
        if before.name != after.name { details.append("renamed from \(SQLName.quoted(before.name))") }
        if before.schema != after.schema {
            let old = catalog.schemaName(before.schema, in: database, seenBy: xids)
            details.append("schema was \(old.map(SQLName.quoted) ?? before.schema.description)")
        }
        if before.owner != after.owner { details.append("new owner") }
        if before.persistence != after.persistence {
            details.append(after.persistence == UInt8(ascii: "u") ? "now unlogged" : "now logged")
        }
        if before.tablespace != after.tablespace { details.append("moved to another tablespace") }
        if before.checks != after.checks {
            details.append(before.checks < after.checks ? "check added" : "check dropped")
        }
        if before.isPartition != after.isPartition {
            details.append(after.isPartition ? "attached as a partition" : "detached from its parent")
        }
        if before.hasRowSecurity != after.hasRowSecurity {
            details.append(after.hasRowSecurity ? "row security on" : "row security off")
        }
        return details
    }

    private func alterations(_ net: NetChange) -> [String] {
        let before = net.before?.column
        let after = net.after?.column
        guard let entry = after ?? before, entry.number > 0 else { return [] }
        guard let after else { return [] }
        let name = SQLName.quoted(after.name)
        guard let before else { return ["column \(name) added"] }
        if after.isDropped {
            return before.isDropped ? [] : ["column \(SQLName.quoted(before.name)) dropped"]
        }
        var details: [String] = []
        if before.name != after.name {
            details.append("column \(SQLName.quoted(before.name)) renamed to \(name)")
        }
        if before.type != after.type || before.typeModifier != after.typeModifier {
            details.append(
                before.typeName == after.typeName
                    ? "column \(name) has another type"
                    : "column \(name) is \(after.typeName), was \(before.typeName)")
        }
        if before.isNotNull != after.isNotNull {
            details.append("column \(name) \(after.isNotNull ? "not null" : "may be null")")
        }
        return details
    }

    /// Changes of columns alone, without any of the relation's own row.
    private func alteration(ofColumns nets: [NetChange], of owner: Column.Owner) -> [WALEvent] {
        let details = nets.flatMap(alterations)
        guard !details.isEmpty,
            let entry = catalog.relationEntry(owner.relation, in: owner.database, seenBy: xids),
            let subject = entry.subject, subject != .index, entry.persistence != Self.temporary,
            entry.object.rawValue >= CatalogState.firstNormalObject, entry.rewriteOf == .none
        else { return [] }
        let object = catalog.eventObject(entry, in: owner.database, seenBy: xids)
        guard object.schema.map(Self.isPersons) ?? true else { return [] }
        let record = nets.map(\.record).min() ?? .zero
        return [event(.alter, subject, object, record, details)]
    }

    /// Indexes and sequences come and go with the tables they belong to: then they are no events.
    private func withoutParts(_ events: [WALEvent]) -> [WALEvent] {
        struct Place: Hashable {
            let database: ObjectID
            let schema: String?
        }
        let wholes = Set(
            events.filter { $0.subject != .index && $0.subject != .sequence }
                .map { Place(database: $0.object.databaseID, schema: $0.object.schema) })
        return events.filter { event in
            guard event.subject == .index || event.subject == .sequence else { return true }
            let place = Place(database: event.object.databaseID, schema: event.object.schema)
            return !wholes.contains(place)
        }
    }

    private static let temporary = UInt8(ascii: "t")

    /// Whether people's own things may be in a schema.
    static func isPersons(_ schema: String) -> Bool {
        !schema.hasPrefix("pg_") && schema != "information_schema"
    }

    // MARK: Schemas, databases, tablespaces

    private func schemaEvent(_ net: NetChange, _ entry: NamedEntry) -> [WALEvent] {
        guard Self.isPersons(entry.name) else { return [] }
        let object = EventObject(
            database: catalog.databaseName(net.database, seenBy: xids), databaseID: net.database,
            name: entry.name, number: entry.object.rawValue)
        return named(net, .schema, object, net.before?.name)
    }

    private func databaseEvent(_ net: NetChange, _ entry: DatabaseEntry) -> [WALEvent] {
        let object = EventObject(name: entry.name, number: entry.object.rawValue)
        return named(net, .database, object, net.before?.name)
    }

    private func tablespaceEvent(_ net: NetChange, _ entry: NamedEntry) -> [WALEvent] {
        let object = EventObject(name: entry.name, number: entry.object.rawValue)
        return named(net, .tablespace, object, net.before?.name)
    }

    private func named(
        _ net: NetChange, _ subject: WALEvent.Subject, _ object: EventObject, _ oldName: String?
    ) -> [WALEvent] {
        if net.after == nil { return [event(.drop, subject, object, net.record)] }
        guard let oldName else { return [event(.create, subject, object, net.record)] }
        if oldName == object.name { return [] }
        var renamed = event(.alter, subject, object, net.record, ["renamed from \(SQLName.quoted(oldName))"])
        renamed.former = object
        renamed.former?.name = oldName
        return [renamed]
    }
}

extension CatalogEntry {
    var relation: RelationEntry? { if case .relation(let entry) = self { entry } else { nil } }
    var column: ColumnEntry? { if case .column(let entry) = self { entry } else { nil } }

    var name: String {
        switch self {
        case .relation(let entry): entry.name
        case .column(let entry): entry.name
        case .schema(let entry), .tablespace(let entry): entry.name
        case .database(let entry): entry.name
        case .inheritance: ""
        }
    }
}

extension RelationEntry {
    /// Nil for what belongs to another relation alone: TOAST.
    var subject: WALEvent.Subject? {
        switch kind {
        case UInt8(ascii: "r"), UInt8(ascii: "p"): .table
        case UInt8(ascii: "v"): .view
        case UInt8(ascii: "m"): .materializedView
        case UInt8(ascii: "f"): .foreignTable
        case UInt8(ascii: "i"), UInt8(ascii: "I"): .index
        case UInt8(ascii: "S"): .sequence
        case UInt8(ascii: "c"): .type
        default: nil
        }
    }

    /// Whether the index was made, or is left behind, by REINDEX CONCURRENTLY.
    var isOfConcurrentReindex: Bool {
        let base = name.utf8.reversed().drop { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return base.starts(with: "wencc_".utf8) || base.starts(with: "dlocc_".utf8)
    }
}

extension CatalogState {
    /// The names of what a table is a part of, the nearest first; a number where none is known.
    func ancestorObjects(
        of object: ObjectID, in database: ObjectID, seenBy xids: Set<TransactionID>
    ) -> [EventObject] {
        ancestors(of: object, in: database, seenBy: xids).map { ancestor in
            guard let entry = relationEntry(ancestor, in: database, seenBy: xids) else {
                return EventObject(
                    database: databaseName(database, seenBy: xids), databaseID: database,
                    number: ancestor.rawValue)
            }
            return eventObject(entry, in: database, seenBy: xids)
        }
    }

    /// A relation's name as an event tells it: a number for each name that is not known.
    func eventObject(
        _ entry: RelationEntry, in database: ObjectID, seenBy xids: Set<TransactionID>
    ) -> EventObject {
        EventObject(
            database: databaseName(database, seenBy: xids), databaseID: database,
            schema: schemaName(entry.schema, in: database, seenBy: xids) ?? entry.schema.description,
            name: entry.name, number: entry.object.rawValue)
    }
}
