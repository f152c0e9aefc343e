import Platform
import PostgresClient
import PostgresFormat
import Repair

/// The database whose rows are taken back: a transaction changes rows of one; several of them may have
/// changed more.
struct UndoDatabase {
    let name: String
    /// Nil where no rows of any were changed.
    let number: ObjectID?
    /// Other databases that cannot be looked at.
    private(set) var leftOut: [UndoPlan.LeftOut] = []

    /// - Parameters:
    ///   - footprint: gets the files of the databases' catalogs.
    ///   - copies: of just before the transactions, just after them, and now.
    ///   - wanted: its name, where one was named.
    init(
        of footprint: inout TransactionFootprint, _ copies: [PrivateCopy], _ wanted: String?
    ) throws {
        let touched = footprint.relations.filter { !$0.value.isEmpty && $0.key.database != .none }.keys
            .sorted()
        var known: [ObjectID: String] = [:]
        for number in Set(touched.map(\.database)).sorted() {
            guard let name = try Self.name(of: number, copies) else { continue }
            known[number] = name
            let written = touched + (footprint.others.map { Array($0.files) } ?? [])
            let hasOther = written.contains { $0.database == number && !footprint.isOfCatalog($0) }
            guard hasOther else { continue }
            try footprint.findCatalogs(
                of: number, try copies.prefix(2).map { TableReader(try $0.connect(name)) })
        }
        let ofRows = touched.filter { !footprint.isOfCatalog($0) }
        let numbers = Set((ofRows.isEmpty ? touched : ofRows).map(\.database)).sorted()
        let names = numbers.compactMap { known[$0] }.sorted()
        if let first = numbers.first, names.isEmpty {
            throw Problem(
                .resourceNotFound, "database \(first) is not there just before the transactions, or not now",
                detail: Self.reason, hint: "Restore one with 'pitr restore'.")
        }
        for number in numbers where known[number] == nil {
            leftOut.append(
                .init(subject: "database \(number)", reason: Self.reason))
        }
        if let wanted, !names.contains(wanted) {
            throw Problem(
                .resourceNotFound, "no rows of database \(wanted) were changed",
                detail: "changed were rows of " + names.joined(separator: ", "))
        }
        guard wanted != nil || names.count < 2 else {
            throw Problem(
                .usage, "the transactions changed rows of \(names.count) databases",
                detail: names.joined(separator: ", "),
                hint: "Choose one of them with --database; a script is for one database.")
        }
        let chosen = wanted ?? names.first
        name = chosen ?? "postgres"
        number = numbers.first { known[$0] == chosen && chosen != nil }
    }

    private static let reason =
        "it was made, dropped or renamed meanwhile: a copy from when it was there has it"

    /// The name that it has in all of the copies.
    private static func name(of number: ObjectID, _ copies: [PrivateCopy]) throws -> String? {
        let names = try copies.map { copy in
            try copy.connect("postgres").query(
                "SELECT datname FROM pg_database WHERE oid = $1::oid", [number.description]
            ).scalar
        }
        return Set(names).count == 1 ? names[0] : nil
    }
}
