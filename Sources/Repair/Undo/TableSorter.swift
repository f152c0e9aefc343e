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
    }

    struct Group {
        /// Of the partitioned table, or of the table itself.
        var number: ObjectID
        var name: QualifiedName
        var parts: [Part]
    }

    private(set) var groups: [Group] = []
    private(set) var leftOut: [UndoPlan.LeftOut] = []

    init(_ copies: UndoCopies, _ footprint: TransactionFootprint) throws(Problem) {
        let files = footprint.relations.filter {
            !$0.value.isEmpty && $0.key.number >= TransactionFootprint.firstNormalNumber
        }.keys.sorted()
        let removed = footprint.dropped.filter {
            $0.number >= TransactionFootprint.firstNormalNumber && !files.contains($0)
        }.sorted()
        let before = try TableReader(copies.before).owners(of: files + removed)
        let after = try TableReader(copies.after).owners(of: files)
        for file in files {
            guard let owner = before[file] else {
                if let made = after[file], made.kind == .table {
                    leaveOut(made, "the transaction made or filled it anew")
                }
                continue
            }
            switch owner.kind {
            case .toast: continue
            case .other(let reason): leaveOut(owner, reason)
            case .table:
                guard let renamed = after[file] else {
                    leaveOut(owner, "the transaction dropped it, emptied it or wrote it anew")
                    continue
                }
                try add(
                    Part(
                        relation: owner.relation, file: file, nameBefore: owner.name,
                        nameAfter: renamed.name),
                    of: owner, copies)
            }
        }
        for file in removed {
            guard let owner = before[file], owner.kind == .table else { continue }
            leaveOut(owner, "the transaction dropped it, emptied it or wrote it anew")
        }
        if footprint.touchesCatalogs {
            leftOut.append(
                .init(
                    subject: "the system catalogs",
                    reason: "what the transaction changed of tables, indexes, rights and other objects"))
        }
    }

    private mutating func leaveOut(_ owner: TableReader.Owner, _ reason: String) {
        let entry = UndoPlan.LeftOut(subject: "\(owner.name)", reason: reason)
        if !leftOut.contains(entry) { leftOut.append(entry) }
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
