/// A relation or a database that a record names by numbers.
public struct RecordMention: Hashable, Sendable {
    /// As the record has it: a file's `1663/5/16390`, a relation's object number behind its database's, or a
    /// database's own.
    public let number: String
    /// Nil for a database, and where the catalogs do not have it.
    public let relation: KnownRelation?
    /// Nil for what belongs to none, and where the catalogs do not have it.
    public let databaseName: String?

    public init(number: String, relation: KnownRelation?, databaseName: String?) {
        self.number = number
        self.relation = relation
        self.databaseName = databaseName
    }
}
