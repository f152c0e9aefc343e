/// What a transaction dropped besides rows, as `pg_dump` writes it: tables, indexes, constraints, rights and
/// so on.
public struct Definitions: Hashable, Sendable {
    /// A sequence that is made again, and where it stood.
    public struct Sequence: Hashable, Sendable {
        public var name: QualifiedName
        public var value: String
        public var isCalled: Bool

        public init(name: QualifiedName, value: String, isCalled: Bool) {
            self.name = name
            self.value = value
            self.isCalled = isCalled
        }
    }

    /// Kind, schema and name of each, in the order in which they are made.
    public var entries: [String] = []
    /// What is made before the rows are put in.
    public var before: [String] = []
    /// What is made when they are there.
    public var after: [String] = []
    public var sequences: [Sequence] = []

    /// Nothing.
    public init() {}

    public var isEmpty: Bool { entries.isEmpty }

    var sequenceStatements: [String] {
        sequences.map { sequence in
            "SELECT '\(sequence.name.visibleLiteral): sequence at ' || pg_catalog.setval("
                + "\(PlannedValues.literal(sequence.name.text))::pg_catalog.regclass, "
                + "\(PlannedValues.literal(sequence.value))::pg_catalog.int8, \(sequence.isCalled));\n"
        }
    }
}
