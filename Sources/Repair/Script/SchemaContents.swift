public import PostgresFormat

/// What is in a dump of a schema, as `pg_restore --list` prints it.
///
/// Format: a line for each entry, `215; 1259 16385 TABLE public orders owner`: its number in the dump, the
/// catalog and the number of the object there (both 0 where it has none), then kind, schema, name and owner.
/// Lines that begin with a semicolon are comments.
public struct SchemaContents: Sendable {
    public struct Entry: Hashable, Sendable {
        /// As it stands in the list, to be handed back to `pg_restore`.
        public var line: String
        public var catalog: ObjectID
        public var object: ObjectID
        /// Kind, schema, name and owner.
        public var words: String

        /// In `pg_class`.
        public var isRelation: Bool { catalog.rawValue == 1259 }
        public var isTable: Bool { isRelation && words.hasPrefix("TABLE ") }
        public var isSequence: Bool { isRelation && words.hasPrefix("SEQUENCE ") }
        var hasNumber: Bool { object != .none }
    }

    public let entries: [Entry]

    /// - Parameter list: what `pg_restore --list` printed; lines of another form are passed over.
    public init(_ list: String) {
        entries = list.split(separator: "\n").compactMap { line in
            guard !line.hasPrefix(";"), let end = line.firstIndex(of: ";") else { return nil }
            let words = line[line.index(after: end)...].split(separator: " ", maxSplits: 2)
            guard words.count == 3, let catalog = UInt32(words[0]), let object = UInt32(words[1]) else {
                return nil
            }
            return Entry(
                line: String(line), catalog: ObjectID(catalog), object: ObjectID(object),
                words: String(words[2]))
        }
    }

    init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// What was there and is not any more, in the order in which it is made. An object that was only renamed
    /// is still there; what has no number of its own goes with the object that it belongs to.
    public func dropped(by after: SchemaContents) -> SchemaContents {
        let numbers = Set(after.entries.filter(\.hasNumber).map { [$0.catalog, $0.object] })
        let words = Set(after.entries.map(\.words))
        let gone = entries.filter { $0.hasNumber && !numbers.contains([$0.catalog, $0.object]) }
        let names = gone.map {
            $0.words.split(separator: " ").dropFirst().prefix(2).last.map(String.init) ?? ""
        }
        return SchemaContents(
            entries.filter { entry in
                if entry.hasNumber { return gone.contains(entry) }
                return !words.contains(entry.words)
                    && names.contains { !$0.isEmpty && entry.words.contains($0) }
            })
    }

    /// What is there under its own number both before and after, renamed or not.
    public func kept(by after: SchemaContents) -> [Entry] {
        let numbers = Set(after.entries.filter(\.hasNumber).map { [$0.catalog, $0.object] })
        return entries.filter { $0.hasNumber && numbers.contains([$0.catalog, $0.object]) }
    }

    /// Those that are there under the same kind, name and owner by now, and those that are not.
    public func parted(by now: SchemaContents) -> (there: [Entry], missing: [Entry]) {
        let words = Set(now.entries.map(\.words))
        return (entries.filter { words.contains($0.words) }, entries.filter { !words.contains($0.words) })
    }
}
