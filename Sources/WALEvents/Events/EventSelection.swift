public import PostgresFormat

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
    /// So many fit and none was chosen, or fewer than asked for with `nth`; the last of them, in the order of
    /// the WAL.
    case several(count: Int, last: [EventTarget])
    /// None fits; what comes nearest: the same thing done to others, or other things done to the same.
    case none(similar: [WALEvent])
}

/// Finds the event that is meant among events that come in WAL order; keeps a few of them,
/// however many come.
public struct EventSelector: Sendable {
    /// How many of several that fit are told.
    public static let listed = 20
    private static let similarListed = 10

    private let pattern: EventPattern
    private let choice: EventChoice
    /// Of each event that fits, in WAL order: see `WALEvent.boundary`.
    public private(set) var boundaries: [LSN] = []
    private var fitting: Int { boundaries.count }
    private var last: [WALEvent] = []
    private var chosen: WALEvent?
    /// Of another size than is wanted.
    private var passedOver: [WALEvent] = []
    private var sameName: [WALEvent] = []
    private var sameAction: [WALEvent] = []
    /// What fits of the transaction that is being told.
    private var open: [WALEvent] = []
    private var tables: [Int] = []

    public init(_ pattern: EventPattern, _ choice: EventChoice = EventChoice()) {
        self.pattern = pattern
        self.choice = choice
    }

    public mutating func add(_ event: WALEvent) {
        if open.first.map({ $0.boundary != event.boundary }) ?? false { close() }
        if pattern.isOfSameName(event) { Self.append(event, to: &sameName, Self.similarListed) }
        if pattern.actions.contains(event.action) { Self.append(event, to: &sameAction, Self.similarListed) }
        guard pattern.matches(event) else { return }
        join(event)
    }

    public mutating func finish() -> EventSelection {
        close()
        guard let newest = last.last else {
            let similar = sameName.isEmpty ? sameAction : sameName
            return .none(similar: passedOver.isEmpty ? similar : passedOver)
        }
        switch choice.place {
        case .latest: return .one(EventTarget(newest))
        case .only where fitting == 1: return .one(EventTarget(newest))
        case .only, .nth:
            if let chosen { return .one(EventTarget(chosen)) }
            return .several(count: fitting, last: last.map(EventTarget.init))
        }
    }

    /// What one transaction did to several parts of the table that is meant is one event of that table.
    private mutating func join(_ event: WALEvent) {
        guard let object = pattern.object(of: event), event.changesRows || event.action == .truncate else {
            open.append(event)
            tables.append(1)
            return
        }
        guard let place = open.firstIndex(where: { $0.action == event.action && $0.object == object }) else {
            var event = event
            if event.object != object { event.details.append("in \(event.object.nameInDatabase)") }
            event.object = object
            open.append(event)
            tables.append(1)
            return
        }
        tables[place] += 1
        if let rows = event.rows { open[place].rows = (open[place].rows ?? 0) &+ rows }
        open[place].details = ["in \(tables[place]) tables"]
        open[place].record = min(open[place].record, event.record)
    }

    private mutating func close() {
        for event in open {
            guard choice.minimumRows.map({ event.rows ?? .max >= $0 }) ?? true,
                pattern.printed.matchesExtent(of: event)
            else {
                Self.append(event, to: &passedOver, Self.similarListed)
                continue
            }
            boundaries.append(event.boundary)
            if choice.place == .nth(fitting) { chosen = event }
            Self.append(event, to: &last, Self.listed)
        }
        (open, tables) = ([], [])
    }

    private static func append(_ event: WALEvent, to events: inout [WALEvent], _ limit: Int) {
        if events.count == limit { events.removeFirst() }
        events.append(event)
    }
}

extension EventPattern {
    /// Finds the event that is meant among `events`, which are in WAL order.
    public func select(from events: [WALEvent], _ choice: EventChoice = EventChoice()) -> EventSelection {
        var selector = EventSelector(self, choice)
        for event in events { selector.add(event) }
        return selector.finish()
    }

    /// Whether changes of rows are meant.
    public var isOfRows: Bool { !actions.isDisjoint(with: [.insert, .update, .delete]) }

    /// Whether this names a table, or one of those it is a part of.
    public func names(_ object: EventObject, partOf ancestors: [EventObject]) -> Bool {
        name.map { name in name.matches(object) || ancestors.contains(where: name.matches) } ?? true
    }

    fileprivate func isOfSameName(_ event: WALEvent) -> Bool {
        guard let wanted = name?.words.last else { return false }
        return [event.object, event.former].contains { $0?.name.map(wanted.matches) ?? false }
    }
}
