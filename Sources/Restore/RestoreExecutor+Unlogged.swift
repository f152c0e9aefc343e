import Platform
import PostgresClient

/// An unlogged sequence of the copy and its file, below the data directory.
struct UnloggedSequence: Sendable, Hashable {
    /// `database.schema.name`
    var name: String
    var path: String
}

/// Unlogged relations are made anew from their init forks when recovery ends.
///
/// PostgreSQL copies the init forks as they are on the disk. That of a sequence made in the WAL that was
/// replayed is only in memory at that moment (`seq_redo` does not write it out, unlike the redo of other init
/// forks), so that the sequence becomes a page of zeros. Once the server has stopped the disk has all init
/// forks, and what recovery does can be done again, this time rightly.
extension RestoreExecutor {
    /// The files of relations that are not what their init forks say are made anew; how many those were.
    ///
    /// The recovering server has to be stopped. Nothing is flushed.
    func resetUnlogged() throws(Problem) -> Int {
        var count = 0
        for directory in try databaseDirectories() {
            for name in try DurableFiles.list(directory) where name.hasSuffix("_init") {
                let relation = directory + "/" + name.dropLast("_init".count)
                let initial = try DurableFiles.read(directory + "/" + name)
                if try DurableFiles.readIfPresent(relation) == initial { continue }
                try DurableFiles.write(initial, to: relation, durable: false)
                count += 1
            }
        }
        return count
    }

    /// What there is to tell of that, and of sequences whose init forks are no sequences.
    func tellReset(_ count: Int, _ sequences: [UnloggedSequence]) throws(Problem) -> [String] {
        var told: [String] = []
        if count > 0 {
            told.append(
                "\(count) unlogged \(count == 1 ? "relation" : "relations") made anew from "
                    + (count == 1 ? "its init fork" : "their init forks") + ", which recovery alone had not")
        }
        for sequence in sequences {
            let bytes = try DurableFiles.readIfPresent(job.dataDirectory + "/" + sequence.path) ?? []
            guard !Self.isSequence(bytes) else { continue }
            told.append(
                "unlogged sequence \(sequence.name) cannot be read, since its init fork is damaged: drop it "
                    + "and create it again")
        }
        return told
    }

    /// Whether the bytes are the page of a sequence: the magic number that its special space begins with.
    private static func isSequence(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 8192 else { return false }
        let special = Int(bytes[16]) | Int(bytes[17]) << 8
        guard special >= 24, special <= 8192 - 4 else { return false }
        return bytes[special..<special + 4].elementsEqual([0x17, 0x17, 0, 0])
    }

    /// Where the files of databases lie: in the default tablespace, and in those of the copy's own.
    ///
    /// - Parameter number: of one database; nil for all.
    func databaseDirectories(of number: String? = nil) throws(Problem) -> [String] {
        var parents = [job.dataDirectory + "/base"]
        let spaces = job.dataDirectory + "/pg_tblspc"
        for space in try DurableFiles.list(spaces) {
            parents += try DurableFiles.listIfPresent(spaces + "/" + space).map { "\(spaces)/\(space)/\($0)" }
        }
        var directories: [String] = []
        for parent in parents {
            directories += try DurableFiles.listIfPresent(parent).filter { number == nil || $0 == number }
                .map { parent + "/" + $0 }
        }
        return directories.filter { DurableFiles.status($0)?.kind == .directory }
    }
}
