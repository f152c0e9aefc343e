import Platform
import TestKit
import Testing

@testable import Repository

/// What is in a repository, told by the repository.
@Suite(.timeLimit(.minutes(5)))
struct RepositoryFolderTests {
    private let scratch: ScratchDirectory
    private let folder: RepositoryFolder

    init() throws {
        scratch = try ScratchDirectory("repositories")
        folder = RepositoryFolder(scratch.file("repository"))
    }

    private func made(_ name: String) throws -> RepositoryLayout {
        let layout = folder.layout(name)
        try layout.create(RepositoryIdentity(serverID: name, systemIdentifier: 1, postgresMajor: 15))
        return layout
    }

    @Test func `a folder that is not there has no repositories`() throws {
        #expect(try folder.names().isEmpty)
        #expect(WALArchive(layout: folder.layout("a")).lastChange() == 0)
        #expect(throws: Problem.self) { try folder.layout("a").isBare() }
    }

    @Test func `a repository is bare until something is kept in it`() throws {
        let layout = folder.layout("a")
        try DurableFiles.makeDirectories(layout.root)
        try DurableFiles.write([1], to: layout.root + "/" + RepositoryLayout.descriptionName)
        #expect(try layout.isBare())
        #expect(try made("a").isBare() == false)
        #expect(try folder.names() == ["a"])
        #expect(WALArchive(layout: layout).lastChange() > 0)
    }

    @Test func `only finished backups are named, and what expired in the first copy is seen`() throws {
        let (first, second) = (try made("a"), try made("b"))
        for (layout, name) in [
            (first, "one"), (first, "two.incomplete"), (first, "three"), (second, "zero"), (second, "one"),
        ] {
            try DurableFiles.makeDirectories(layout.backup(name))
            if name != "three" {
                try DurableFiles.write([1], to: BackupFiles.descriptor(layout.backup(name)))
            }
        }
        #expect(try BackupRepository(layout: first).names() == ["one"])
        #expect(RepositoryMirror(source: first, target: second).holdsExpired)
        try DurableFiles.removeTree(second.backup("zero"))
        #expect(!RepositoryMirror(source: first, target: second).holdsExpired)
    }
}
