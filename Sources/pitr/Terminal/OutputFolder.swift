import Glibc
import Platform

/// A new folder that a command fills with files: made before the work, so that nothing is done in vain, and
/// with the caller's rights, since the servers' account may not be allowed to write there.
struct OutputFolder {
    let path: String
    private let files: [String: DestinationFile]
    /// A file for each table that has something to tell.
    let tables: TableFiles

    /// Throws `.usage` where it exists already or cannot be made; one that a failed attempt left empty is
    /// used again.
    init(path: String, names: [String]) throws {
        self.path = path
        Self.clear(path, names)
        // What is in it is the content of tables.
        guard mkdir(path, 0o700) == 0 else {
            throw Problem(
                .usage, "cannot make the folder \(path)", detail: String(cString: strerror(errno)),
                hint: errno == EEXIST ? "Choose another one with --out; nothing is overwritten." : nil)
        }
        var made: [String: DestinationFile] = [:]
        for name in names { made[name] = try DestinationFile(path: path + "/" + name) }
        files = made
        tables = try TableFiles(in: path)
    }

    /// Whoever called root may remove what was made, and the account that the work is done under may not.
    private static func clear(_ path: String, _ names: [String]) {
        // What cannot be listed is not there, or mkdir says why not.
        let left = ((try? DurableFiles.list(path)) ?? []).sorted()
        let rows = path + "/" + TableFiles.name
        guard left == (names + [TableFiles.name]).sorted() || left == names.sorted(),
            names.allSatisfy({ DurableFiles.status(path + "/" + $0)?.size == 0 }),
            !left.contains(TableFiles.name) || rmdir(rows) == 0
        else { return }
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }

    func write(_ text: String, to name: String) throws(Problem) {
        guard let file = files[name] else { return }
        try DescriptorOutput(file.descriptor).write(Array(text.utf8))
    }

    func close() {
        files.values.forEach { $0.close() }
        tables.close()
    }

    /// Removes what was made; false when something could not be removed.
    func discard() -> Bool {
        let removed = files.values.map { $0.discard() } + [tables.discard()]
        files.values.forEach { $0.close() }
        return removed.allSatisfy { $0 } && rmdir(path) == 0
    }
}
