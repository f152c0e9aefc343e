import Platform
import PostgresFormat

/// Which tables a transaction's files belong to; partitions go together where the table has a key.
struct TableSorter {
    /// A table or a partition with a file of its own.
    struct Part: Hashable {
        var relation: ObjectID
        var file: RelationLocator
        var nameBefore: QualifiedName
        var nameAfter: QualifiedName
        /// The file that it had after the transaction; another one where that emptied it or wrote it anew,
        /// and then all of its rows are read.
        var fileAfter: RelationLocator?

        var isWhole: Bool { fileAfter != file }
    }

    struct Group {
        /// Of the partitioned table, or of the table itself.
        var number: ObjectID
        var name: QualifiedName
        var parts: [Part]
    }

    private(set) var groups: [Group] = []
    private(set) var leftOut: [UndoPlan.LeftOut] = []
    /// Names of all tables that were touched, also of those that are left out.
    private(set) var touched: [QualifiedName] = []
    /// Tables that are not there after the transaction.
    private(set) var dropped: [TableReader.Owner] = []
    /// Of each file of a table's rows, the partitioned table at the top, or the table itself.
    private(set) var roots: [RelationLocator: ObjectID] = [:]
    private let isSingle: Bool

    init(_ copies: UndoCopies, _ footprint: TransactionFootprint) throws(Problem) {
        isSingle = footprint.isOne
        let files = footprint.relations.filter { !$0.value.isEmpty && !footprint.isOfCatalog($0.key) }
            .keys.sorted()
        let removed = footprint.dropped.filter { !footprint.isOfCatalog($0) && !files.contains($0) }.sorted()
        let before = try TableReader(copies.before).owners(of: files + removed)
        if !isSingle {
            // What they dropped themselves nobody misses.
            let new = files.filter { before[$0] == nil && !footprint.dropped.contains($0) }
            try leaveOutNew(new, before, copies)
        }
        for file in files + removed {
            // The new file of a table that was there holds rows of that one; a table that was made is told
            // with the definitions.
            guard let owner = before[file], !owner.isCatalog else { continue }
            switch owner.kind {
            case .toast: continue
            case .other(let reason): if files.contains(file) { leaveOut(owner, reason) }
            case .table:
                roots[file] = owner.root
                try add(owner, file, copies)
            }
        }
        touched += groups.map(\.name) + dropped.map(\.name)
    }

    /// Of several transactions, later ones may have written a table that was not there before the first.
    private mutating func leaveOutNew(
        _ files: [RelationLocator], _ before: [RelationLocator: TableReader.Owner], _ copies: UndoCopies
    ) throws(Problem) {
        let known = Set(before.values.map(\.relation))
        let after = try TableReader(copies.after).owners(of: files)
        for file in files {
            guard let owner = after[file] else {
                leftOut.append(
                    .init(
                        subject: "rows in file \(file)",
                        reason: "its table was written anew or dropped between the transactions"))
                continue
            }
            // Others belong to a table that is told otherwise.
            guard owner.kind == .table, !owner.isCatalog, !known.contains(owner.relation) else { continue }
            leaveOut(owner, "it was made, or written anew, after the first of the transactions")
        }
    }

    private mutating func add(
        _ owner: TableReader.Owner, _ file: RelationLocator, _ copies: UndoCopies
    ) throws(Problem) {
        let reader = TableReader(copies.after)
        guard let shape = try reader.shape(of: owner.relation) else {
            if isSingle {
                dropped.append(owner)
            } else {
                leaveOut(owner, "it was dropped meanwhile: take that back by itself")
            }
            return
        }
        try add(
            Part(
                relation: owner.relation, file: file, nameBefore: owner.name, nameAfter: shape.name,
                fileAfter: try reader.file(of: owner.relation)),
            of: owner, copies)
    }

    private mutating func leaveOut(_ owner: TableReader.Owner, _ reason: String) {
        let entry = UndoPlan.LeftOut(subject: "\(owner.name)", reason: reason)
        guard !leftOut.contains(entry) else { return }
        leftOut.append(entry)
        touched.append(owner.name)
    }

    private mutating func add(
        _ part: Part, of owner: TableReader.Owner, _ copies: UndoCopies
    ) throws(Problem) {
        if let place = groups.firstIndex(where: { $0.number == owner.root }) {
            groups[place].parts.append(part)
            return
        }
        // Rows of a partitioned table without a key have addresses in their partitions alone.
        if owner.root != owner.relation,
            let root = try TableReader(copies.now).shape(of: owner.root), root.key != nil
        {
            groups.append(Group(number: owner.root, name: root.name, parts: [part]))
        } else {
            groups.append(Group(number: owner.relation, name: owner.name, parts: [part]))
        }
    }
}
