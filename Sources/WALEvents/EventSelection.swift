import PostgresFormat

/// Which of several events that fit a pattern is meant.
public struct EventChoice: Hashable, Sendable {
    public enum Place: Hashable, Sendable {
        /// There must be only one.
        case only
        /// The last one.
        case latest
        /// Counted from the earliest, 1.
        case nth(Int)
    }

    public var place: Place
    /// For changes of rows: at least that many.
    public var minimumRows: Int64?

    public init(_ place: Place = .only, minimumRows: Int64? = nil) {
        self.place = place
        self.minimumRows = minimumRows
    }
}

/// What looking for an event gave.
public enum EventSelection: Hashable, Sendable {
    case one(EventTarget)
    /// Several fit and none was chosen; or fewer than asked for with `nth`. In the order of the log.
    case several([EventTarget])
    /// None fits; what comes nearest: the same thing done to others, or other things done to the same.
    case none(similar: [WALEvent])
}

extension EventPattern {
    /// Finds the event that is meant among `events`, which are in the order of the log.
    public func select(from events: [WALEvent], _ choice: EventChoice = EventChoice()) -> EventSelection {
        let named = wholes(among: events.filter(matches))
        let fitting = named.filter { event in
            choice.minimumRows.map { event.rows ?? .max >= $0 } ?? true
        }
        guard let last = fitting.last else {
            return .none(similar: named.isEmpty ? similar(in: events) : Array(named.suffix(10)))
        }
        switch choice.place {
        case .latest: return .one(EventTarget(last))
        case .nth(let number) where number >= 1 && number <= fitting.count:
            return .one(EventTarget(fitting[number - 1]))
        case .only where fitting.count == 1: return .one(EventTarget(last))
        case .only, .nth: return .several(fitting.map(EventTarget.init))
        }
    }

    /// What one transaction did to several parts of the table that is meant is one event of that table.
    private func wholes(among events: [WALEvent]) -> [WALEvent] {
        struct Whole: Hashable {
            let boundary: LSN
            let action: WALEvent.Action
            let object: EventObject
        }
        var found: [WALEvent] = []
        var places: [Whole: (place: Int, tables: Int)] = [:]
        for event in events {
            guard let object = self.object(of: event), event.changesRows || event.action == .truncate else {
                found.append(event)
                continue
            }
            let whole = Whole(boundary: event.boundary, action: event.action, object: object)
            guard let (place, tables) = places[whole] else {
                places[whole] = (found.count, 1)
                var event = event
                if event.object != object { event.details.append("in \(event.object)") }
                event.object = object
                found.append(event)
                continue
            }
            places[whole] = (place, tables + 1)
            if let rows = event.rows { found[place].rows = (found[place].rows ?? 0) &+ rows }
            found[place].details = ["in \(tables + 1) tables"]
            found[place].record = min(found[place].record, event.record)
        }
        return found
    }

    /// The latest events that share the name, else the latest with the same action; at most ten.
    private func similar(in events: [WALEvent]) -> [WALEvent] {
        let sameName = events.filter { event in
            guard let wanted = name?.words.last, let given = event.object.name else { return false }
            return wanted.matches(given)
        }
        if !sameName.isEmpty { return Array(sameName.suffix(10)) }
        return Array(events.filter { actions.contains($0.action) }.suffix(10))
    }
}
