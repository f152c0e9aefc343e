#if canImport(Glibc)
    import Glibc
#endif
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// Which files two servers may share, and that nothing else is shared.
struct UpgradeFilesTests {
    private let scratch: ScratchDirectory
    private let files: UpgradeFiles

    private static let linked = [
        "base/5/16400", "base/5/16400.1", "base/5/16400_fsm", "base/5/16400_vm.2",
        "pg_tblspc/16390/PG_15_202209061/5/16401",
    ]
    private static let copied = [
        "PG_VERSION", "base/5/164001", "base/5/1259", "base/5/PG_VERSION", "base/5/pg_internal.init",
        "base/5/t3_16400", "base/6/16400", "global/pg_control", "pg_wal/000000010000000000000001",
    ]

    init() throws {
        scratch = try ScratchDirectory("upgradefiles")
        files = UpgradeFiles(
            data: scratch.file("data"),
            linked: ["base/5/16400", "pg_tblspc/16390/PG_15_202209061/5/16401", "base/5/16500"])
        for path in Self.linked + Self.copied + ["postmaster.pid"] {
            let whole = files.data + "/" + path
            try DurableFiles.makeDirectories(DurableFiles.parent(of: whole), durable: false)
            try DurableFiles.write([UInt8](repeating: 7, count: 8192), to: whole, durable: false)
        }
    }

    private static func inode(_ path: String) throws -> UInt64 {
        var found = stat()
        try #require(stat(path, &found) == 0, "\(path)")
        return UInt64(found.st_ino)
    }

    @Test func `only the files of the relations that were named are linked`() throws {
        let target = scratch.file("target")
        try files.layOut(at: target, SystemCommands())
        for path in Self.linked + Self.copied {
            let (old, new) = (files.data + "/" + path, target + "/" + path)
            #expect(try DurableFiles.read(old) == DurableFiles.read(new), "\(path)")
            let isShared = try Self.inode(old) == Self.inode(new)
            #expect(isShared == Self.linked.contains(path), "\(path)")
            #expect(files.isLinked(path) == isShared, "\(path)")
        }
        #expect(files.linkedBytes == UInt64(Self.linked.count) * 8192)
        // No server runs on the copy.
        #expect(!DurableFiles.exists(target + "/postmaster.pid"))
    }

    @Test func `without relations to link all is copied`() throws {
        let plain = UpgradeFiles(data: files.data)
        try plain.layOut(at: scratch.file("target"), SystemCommands())
        let path = "/" + Self.linked[0]
        #expect(try Self.inode(scratch.file("target") + path) != Self.inode(files.data + path))
        #expect(plain.linkedBytes == 0)
        #expect(!DurableFiles.exists(scratch.file("target") + "/postmaster.pid"))
        #expect(DurableFiles.exists(files.data + "/postmaster.pid"))
    }
}
