import PostgresFormat
public import WALEvents

extension KnownRelation {
    /// `public.orders`, quoted as SQL wants it.
    public var qualifiedName: String {
        [schemaName, name].compactMap { $0 }.map(SQLName.quoted).joined(separator: ".")
    }
}

extension [RecordMention] {
    /// How many names a line has at most: a DROP DATABASE or TRUNCATE may have thousands.
    private static var mostNames: Int { 20 }

    /// `public.orders, public.orders_pkey in database shop`, in the record's order, with its number for what
    /// is not known; empty where nothing is.
    public var words: String {
        guard contains(where: { $0.relation != nil || $0.databaseName != nil }) else { return "" }
        var text = ""
        let told = prefix(Self.mostNames)
        for (place, mention) in told.enumerated() {
            text += place == 0 ? "" : ", "
            guard let relation = mention.relation else {
                text += mention.databaseName.map { "database " + SQLName.quoted($0) } ?? mention.number
                continue
            }
            text += relation.qualifiedName
            // Said once behind those of one database.
            let next = place + 1 < told.count ? told[place + 1].databaseName : nil
            if let database = mention.databaseName, next != database {
                text += " in database " + SQLName.quoted(database)
            }
        }
        return text + (count > told.count ? " and \(count - told.count) more" : "")
    }
}
