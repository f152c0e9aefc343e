import Platform
import PostgresFormat
import Repository
import TestKit

/// A repository in a scratch directory, and files as PostgreSQL would hand them over.
final class WALFixture {
    static let system: UInt64 = 7_000_000_000_000_000_001

    let scratch: ScratchDirectory
    let layout: RepositoryLayout
    var archive: WALArchive { WALArchive(layout: layout) }

    init() throws {
        scratch = try ScratchDirectory("wal")
        layout = RepositoryLayout(root: scratch.file("repository"))
        try layout.create(RepositoryIdentity(serverID: "s", systemIdentifier: Self.system, postgresMajor: 15))
    }

    /// 16 MiB that look like a segment at the start only: the rest does not decode.
    static func segment(_ seed: UInt64) -> [UInt8] {
        SampleBytes.mostlyZeros(seed, count: 16 << 20)
    }

    /// Writes a file and hands it to the archive under that name.
    @discardableResult
    func push(_ name: String, _ bytes: [UInt8]) throws -> WALArchive.PushOutcome {
        try source(bytes)
        return try archive.push(path: sourcePath, name: name)
    }

    var sourcePath: String { scratch.file("source") }

    /// Puts down what the next push takes.
    func source(_ bytes: [UInt8]) throws {
        try DurableFiles.write(bytes, to: sourcePath, durable: false)
    }

    func stored(_ name: String) throws -> String {
        guard let parsed = ArchivedFileName(fileName: name) else {
            throw Problem(.usage, "no such name: \(name)")
        }
        return layout.path(of: parsed)
    }
}
