import Glibc
import Platform

/// The folder `rows` in an `OutputFolder`: a file for each table, made when there is something to write.
///
/// Which tables there are is known only when root has become the servers' account for good, which may not
/// write into root's folder: this one below it belongs to the account.
final class TableFiles {
    static let name = "rows"
    /// In bytes, without what tells two of the same name apart.
    private static let longestName = 180

    private let path: String
    private let directory: Int32
    /// By what they are of.
    private var names: [String: String] = [:]
    private var used: Set<String> = []

    /// - Parameter folder: that was just made.
    init(in folder: String) throws {
        path = folder + "/" + Self.name
        let made = mkdir(path, 0o700) == 0
        directory = made ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1
        var isOurs = directory >= 0
        if isOurs, geteuid() == 0, let account = getpwnam(ServiceAccount.systemAccount) {
            isOurs = fchown(directory, account.pointee.pw_uid, account.pointee.pw_gid) == 0
        }
        guard isOurs else {
            throw Problem(
                .usage, "cannot make the folder \(path)", detail: String(cString: strerror(errno)))
        }
    }

    /// Appends to the file of a table.
    ///
    /// - Parameters:
    ///   - table: with its schema, and with its database where there are several.
    ///   - header: what the file begins with.
    func write(_ text: String, of table: String, header: String) throws(Problem) {
        let isNew = names[table] == nil
        let name = names[table] ?? freeName(table)
        names[table] = name
        used.insert(name)
        let flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | (isNew ? O_CREAT | O_EXCL : 0)
        let file = openat(directory, name, flags, 0o644)
        guard file >= 0 else {
            throw Problem(
                .system, "cannot write \(path)/\(name)", detail: String(cString: strerror(errno)))
        }
        defer { Glibc.close(file) }
        try DescriptorOutput(file).write(Array((isNew ? header + text : text).utf8))
    }

    private func freeName(_ table: String) -> String {
        let name = Self.fileName(table)
        var (tried, number) = (name + ".csv", 2)
        while used.contains(tried) {
            tried = "\(name)-\(number).csv"
            number += 1
        }
        return tried
    }

    /// The table's name as far as a file may bear it.
    static func fileName(_ table: String) -> String {
        var name = String.UnicodeScalarView()
        var bytes = 0
        for scalar in table.unicodeScalars {
            let isPlain = scalar.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains(scalar)
            let kept: Unicode.Scalar = isPlain && !(name.isEmpty && scalar == ".") ? scalar : "_"
            bytes += UTF8.width(kept)
            guard bytes <= longestName else { break }
            name.append(kept)
        }
        return String(name)
    }

    func close() { Glibc.close(directory) }

    /// Removes what was made; false when something could not be removed.
    func discard() -> Bool {
        let removed = used.map { unlinkat(directory, $0, 0) == 0 }
        close()
        return rmdir(path) == 0 && removed.allSatisfy { $0 }
    }
}
