#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Notation
import Platform
import Repository
import ServiceModel

/// The results of undos and comparisons that the daemon carried out: a folder for each, for nobody else to
/// read, since the content of tables is in it.
///
/// Its record is written last: a folder without one belongs to an operation that is at work, or was cut
/// short.
struct ResultStore {
    static let format: Int64 = 1
    private static let record = "result.json"

    /// `results/` of a state directory.
    let folder: String

    private func path(_ id: String) -> String { folder + "/" + id }

    /// Where an operation's files go.
    func files(_ id: String) -> String { path(id) + "/files" }

    /// Makes the folder that the files' own is made in.
    ///
    /// - Returns: the file system of both, watched from before the first of them is written.
    func begin(_ id: String) throws -> WatchedFileSystem {
        try DurableFiles.makeDirectories(folder)
        let fileSystem = try WatchedFileSystem(folder)
        try DurableFiles.makeDirectory(path(id))
        return fileSystem
    }

    /// From here on the result is kept: its files are on the disk when this returns.
    ///
    /// - Parameter fileSystem: watched since its files were begun.
    func finish(_ result: KeptResult, _ fileSystem: WatchedFileSystem) throws {
        var kept = result
        kept.files = try Self.files(below: files(result.id))
        try fileSystem.flush()
        let bytes = DescribedDocument.seal([
            "format": .integer(Self.format),
            "kind": "what came of an undo or a comparison; 'pitr result show' reads it",
            "result": try JSONValue.parse(try CatalogJSON.text(kept)),
        ])
        try DurableFiles.write(bytes, to: path(result.id) + "/" + Self.record)
    }

    func remove(_ id: String) throws {
        guard !id.isEmpty, !id.contains("/"), !id.hasPrefix(".") else { return }
        try DurableFiles.removeTree(path(id))
    }

    // MARK: Reading

    /// The newest first, and what is wrong with those that cannot be read.
    func results() throws -> (kept: [KeptResult], damaged: [Problem]) {
        var kept: [KeptResult] = []
        var damaged: [Problem] = []
        for id in try DurableFiles.listIfPresent(folder) {
            do {
                if let found = try result(id) { kept.append(found) }
            } catch let problem as Problem where problem.code == .stateDamaged {
                damaged.append(problem)
            }
        }
        return (kept.sorted { ($1.finishedAt, $1.id) < ($0.finishedAt, $0.id) }, damaged)
    }

    /// Nil where there is none of that id, or it is not finished.
    func result(_ id: String) throws -> KeptResult? {
        guard !id.isEmpty, !id.contains("/"), !id.hasPrefix(".") else { return nil }
        let file = path(id) + "/" + Self.record
        guard let bytes = try DurableFiles.readIfPresent(file) else { return nil }
        let document = DescribedDocument(path: file)
        let object = try document.unseal(bytes, format: Self.format)
        do {
            let text = (object["result"] ?? [:]).printed()
            return try JSONDecoder().decode(KeptResult.self, from: Array(text.utf8).data)
        } catch {
            throw document.damaged("\(error)")
        }
    }

    /// The content of a file that the result names.
    func content(_ name: String, of result: KeptResult) throws -> [UInt8] {
        guard result.files.contains(where: { $0.name == name }) else {
            throw Problem(
                .resourceNotFound, "result '\(result.id)' has no file '\(name)'",
                hint: "It has: \(result.files.map(\.name).joined(separator: ", ")).")
        }
        return try DurableFiles.read(files(result.id) + "/" + name, limit: 1 << 32)
    }

    /// Of all that are there, finished or not.
    func ids() throws -> [String] { try DurableFiles.listIfPresent(folder) }

    /// Folders without a record.
    func unfinished() throws -> [String] {
        try DurableFiles.listIfPresent(folder).filter {
            DurableFiles.status(path($0) + "/" + Self.record) == nil
        }
    }

    /// What was written, by name.
    private static func files(below folder: String) throws -> [KeptResult.File] {
        var found: [KeptResult.File] = []
        for name in try DurableFiles.listIfPresent(folder) {
            guard let status = DurableFiles.status(folder + "/" + name) else { continue }
            if status.kind == .directory {
                found += try files(below: folder + "/" + name).map {
                    KeptResult.File(name: name + "/" + $0.name, bytes: $0.bytes)
                }
            } else {
                found.append(KeptResult.File(name: name, bytes: status.size))
            }
        }
        return found
    }
}
