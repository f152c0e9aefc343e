import Capture
import Foundation
import Notation
import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

/// Every kind of corruption that pg_verifybackup knows, done to a stored backup: each is found and named, in
/// a check and in a restore.
@Suite(.serialized) struct BackupDamageTests {
    /// One backup for all cases, made once; each case works on a copy of its folder.
    private static let original = Result { try OriginalBackup() }

    enum Kind: String, CaseIterable, Sendable {
        case extraFile, missingFile, emptyDirectoryInItsPlace, appended, truncated, replaced, bitFlipped,
            emptied
        case exchanged, extraTablespaceFile, manifestFlipped, manifestTruncated, manifestMissing
        case descriptionFlipped, descriptionTruncated, descriptionMissing, descriptionOfAnother
        case unreadable, manifestUnreadable, descriptionUnreadable
    }

    @Test(arguments: Kind.allCases) func `finds damage`(kind: Kind) throws {
        let backup = try DamagedBackup(Self.original.get())
        let expected = try backup.damage(kind)
        let check = #expect(throws: Problem.self) {
            try BackupRepository(layout: backup.layout).verify(backup.name)
        }
        #expect(check?.code == .backupDamaged)
        #expect(
            check?.description.contains(expected) == true, "\(check?.description ?? "") names \(expected)")

        let target = backup.scratch.file("copy")
        let restore = #expect(throws: Problem.self) {
            let found = try BackupRepository(layout: backup.layout).find(backup.name)
            _ = try BackupFiles.layOut(
                #require(found), in: backup.layout, into: target, controlFileTo: target + ".control")
        }
        #expect(restore?.code == .backupDamaged)
        #expect(DurableFiles.status(target + "/global/pg_control") == nil)
    }

    @Test func `an intact backup passes`() throws {
        let backup = try DamagedBackup(Self.original.get())
        try BackupRepository(layout: backup.layout).verify(backup.name)
    }

    @Test func `lists a damaged backup as damaged, behind the others`() throws {
        let backup = try DamagedBackup(Self.original.get())
        try DurableFiles.makeDirectory(backup.layout.backup("a-broken-one"))
        let list = try BackupRepository(layout: backup.layout).list()
        #expect(list.map(\.name) == [backup.name, "a-broken-one"])
        #expect(list.map { $0.damage == nil } == [true, false])
    }

    @Test func `deletes a backup, and what a kill left of a deletion is never listed`() throws {
        let backup = try DamagedBackup(Self.original.get())
        let repository = BackupRepository(layout: backup.layout)
        try DurableFiles.rename(
            backup.layout.backup(backup.name), to: backup.layout.backup(backup.name) + ".deleting")
        #expect(try repository.list().isEmpty)
        #expect(try repository.find(backup.name) == nil)
        #expect(try repository.leftovers() == [backup.name + ".deleting"])
        try repository.removeLeftover(backup.name + ".deleting")
        #expect(try DurableFiles.list(backup.layout.backups).isEmpty)
        let problem = #expect(throws: Problem.self) { try repository.delete(backup.name) }
        #expect(problem?.code == .resourceNotFound)
    }
}

/// A real backup, kept for the length of the run.
private final class OriginalBackup: Sendable {
    let layout: RepositoryLayout
    let backup: BackupDescriptor
    private let scratch: ScratchDirectory

    init() throws {
        let server = try ArchivingServer()
        backup = try server.capture.run(name: "nightly", source: .automatic)
        // Its history file is archived when it is complete; nothing comes and goes while the folder is
        // copied.
        try server.archiveAll()
        layout = server.layout
        scratch = server.postgres.scratch
    }
}

/// A copy of it that a test may spoil.
private final class DamagedBackup {
    let scratch: ScratchDirectory
    let layout: RepositoryLayout
    let name: String
    private var folder: String { layout.backup(name) }
    private var data: String { BackupFiles.data(folder) }
    private var suffix: String

    init(_ original: OriginalBackup) throws {
        scratch = try ScratchDirectory("damage")
        layout = RepositoryLayout(root: scratch.file("r"))
        name = original.backup.name
        suffix = original.backup.storage == .zstd ? ".zst" : ""
        try FileManager.default.copyItem(atPath: original.layout.root, toPath: layout.root)
    }

    /// Spoils the backup and answers what a message about it must contain.
    func damage(_ kind: BackupDamageTests.Kind) throws -> String {
        let file = data + "/base/1/1259" + suffix
        switch kind {
        case .extraFile:
            try DurableFiles.write([1], to: data + "/extra_file")
            return "extra_file"
        case .extraTablespaceFile:
            try DurableFiles.makeDirectory(data + "/pg_tblspc/16999")
            try DurableFiles.write([1], to: data + "/pg_tblspc/16999/extra" + suffix)
            return "pg_tblspc/16999/extra"
        case .missingFile:
            try DurableFiles.removeFile(data + "/pg_xact/0000" + suffix)
            return "pg_xact/0000"
        case .emptyDirectoryInItsPlace:
            try DurableFiles.removeFile(file)
            try DurableFiles.makeDirectory(file)
        case .appended:
            try DurableFiles.write(try DurableFiles.read(file) + [0x55], to: file)
        case .truncated:
            try Damage.truncate(file, to: try DurableFiles.read(file).count / 2)
        case .emptied:
            try Damage.truncate(file, to: 0)
        case .replaced:
            try DurableFiles.write(try DurableFiles.read(data + "/PG_VERSION" + suffix), to: file)
        case .bitFlipped:
            try Damage.flip(file, at: try DurableFiles.read(file).count / 2)
        case .exchanged:
            try Damage.swap(file, data + "/base/4/1259" + suffix)
            return "1259"
        case .manifestFlipped, .manifestTruncated, .manifestMissing:
            try damageFile(BackupFiles.manifestFile(folder), kind)
            return "backup_manifest"
        case .descriptionFlipped, .descriptionTruncated, .descriptionMissing:
            try damageFile(BackupFiles.descriptor(folder), kind)
            return "backup.json"
        case .unreadable: try makeUnreadable(file)
        case .manifestUnreadable:
            try makeUnreadable(BackupFiles.manifestFile(folder))
            return "backup_manifest' of the backup is damaged: it cannot be read: "
        case .descriptionUnreadable:
            try makeUnreadable(BackupFiles.descriptor(folder))
            return "backup.json cannot be read"
        case .descriptionOfAnother:
            try DurableFiles.write(
                Self.renamed(try DurableFiles.read(BackupFiles.descriptor(folder))),
                to: BackupFiles.descriptor(folder))
            return "backup.json"
        }
        return "base/1/1259"
    }

    /// A link to itself: nobody can open it, not even root.
    private func makeUnreadable(_ path: String) throws {
        try DurableFiles.removeFile(path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    }

    private func damageFile(_ path: String, _ kind: BackupDamageTests.Kind) throws {
        switch kind {
        case .manifestFlipped, .descriptionFlipped: try Damage.flip(path, at: 200)
        case .manifestTruncated, .descriptionTruncated: try Damage.truncate(path, to: 300)
        default: try DurableFiles.removeFile(path)
        }
    }

    /// The description of a backup with another name, its own checksum right.
    private static func renamed(_ bytes: [UInt8]) throws -> [UInt8] {
        var other = try BackupDescriptor(parsing: bytes, path: "backup.json")
        other.name = "another"
        return other.encoded
    }
}
