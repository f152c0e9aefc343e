#if canImport(Glibc)
    import Glibc
#endif
import TestKit
import Testing

@testable import Platform

@Suite struct ServiceAccountTests {
    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    /// A directory that belongs to whoever runs the tests.
    private func ownDirectory(_ scratch: ScratchDirectory, _ name: String) throws -> String {
        let path = scratch.file(name)
        try OwnedDirectory.make(path, mode: 0o700)
        return path
    }

    @Test func `lists what must be passed on the way to a directory`() {
        #expect(ServiceAccount.ancestors(of: "/a/b/c") == ["/", "/a", "/a/b"])
        #expect(ServiceAccount.ancestors(of: "/a") == ["/"])
    }

    @Test func `a runtime directory must leave room for a socket's name`() {
        #expect(ServiceAccount.fits("/run/user/1000/pitr"))
        #expect(!ServiceAccount.fits("/" + String(repeating: "x", count: 80)))
    }

    @Test func `makes a home with its parents and leaves one that exists alone`() throws {
        let scratch = try ScratchDirectory()
        let home = try ownDirectory(scratch, "a/b/home")
        #expect(mode(home) == 0o700)
        #expect(chmod(home, 0o750) == 0)
        try OwnedDirectory.make(home, mode: 0o700)
        #expect(mode(home) == 0o750)
    }

    @Test func `refuses a runtime directory behind a symbolic link or of somebody else`() throws {
        let scratch = try ScratchDirectory()
        let directory = try ownDirectory(scratch, "real")
        let link = scratch.file("link")
        #expect(symlink(directory, link) == 0)
        #expect(throws: Problem.self) { try OwnedDirectory.requirePrivate(link, uid: getuid()) }
        #expect(throws: Problem.self) { try OwnedDirectory.requirePrivate(directory, uid: getuid() + 1) }
        #expect(chmod(directory, 0o777) == 0)
        try OwnedDirectory.requirePrivate(directory, uid: getuid())
        #expect(mode(directory) == 0o700)
    }

    @Test(.enabled(if: getuid() == 0))
    func `gives away only root's own directories that are empty or a home of the tool`() throws {
        let scratch = try ScratchDirectory()
        let nobody: uid_t = 65534
        let empty = try ownDirectory(scratch, "empty")
        try OwnedDirectory.give(empty, to: nobody, group: nobody, isOurs: OwnedDirectory.isHome)
        try OwnedDirectory.requireOwned(empty, uid: nobody)

        let full = try ownDirectory(scratch, "full")
        try scratch.write("full/letter", "dear")
        let refused = #expect(throws: Problem.self) {
            try OwnedDirectory.give(full, to: nobody, group: nobody, isOurs: OwnedDirectory.isHome)
        }
        #expect(refused?.detail == "it holds files that are not this tool's")
        try OwnedDirectory.requireOwned(full, uid: 0)

        try scratch.write("full/format.json", "{}")
        try OwnedDirectory.give(full, to: nobody, group: nobody, isOurs: OwnedDirectory.isHome)
        try OwnedDirectory.requireOwned(full, uid: nobody)

        let foreign = #expect(throws: Problem.self) {
            try OwnedDirectory.give(full, to: 1, group: 1, isOurs: OwnedDirectory.isHome)
        }
        #expect(foreign?.detail == "it belongs to user id 65534")
    }
}
