#if canImport(Glibc)
    import Glibc
#endif
import Notation
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

    @Test func `a user's sockets lie where they last as long as the servers`() {
        #expect(
            ServiceAccount.userRuntimeDirectory(home: "/home/ann/.local/state/pitr", uid: 1000)
                == "/home/ann/.local/state/pitr/run")
        let long = "/" + String(repeating: "x", count: 80)
        #expect(ServiceAccount.userRuntimeDirectory(home: long, uid: 1000) == "/tmp/pitr-1000")
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
        #expect(chown(scratch.path, 0, 0) == 0)
        let nobody: uid_t = 65534
        let empty = try ownDirectory(scratch, "empty")
        try give(empty, to: nobody)
        try OwnedDirectory.requireOwned(empty, uid: nobody)

        let full = try ownDirectory(scratch, "full")
        try scratch.write("full/letter", "dear")
        let refused = #expect(throws: Problem.self) {
            try give(full, to: nobody)
        }
        #expect(refused?.detail == "it holds files that are not this tool's")
        try OwnedDirectory.requireOwned(full, uid: 0)

        try scratch.write("full/format.json", "{}")
        try give(full, to: nobody)
        try OwnedDirectory.requireOwned(full, uid: nobody)

        let foreign = #expect(throws: Problem.self) {
            try give(full, to: 1)
        }
        #expect(foreign?.detail == "it belongs to user id 65534")
    }

    /// As root gives a home to an account.
    private func give(_ path: String, to account: uid_t) throws {
        try OwnedDirectory.give(
            try GuardedDirectory(path), mode: 0o700, to: account, group: account,
            isOurs: OwnedDirectory.isHome)
    }

    @Test(.enabled(if: getuid() == 0))
    func `root neither follows a link that another made nor makes anything where another may write`() throws {
        let scratch = try ScratchDirectory()
        #expect(chown(scratch.path, 0, 0) == 0)
        let nobody: uid_t = 65534
        let (target, theirs) = (try ownDirectory(scratch, "target"), try ownDirectory(scratch, "theirs"))
        let (link, own) = (theirs + "/link", scratch.file("own"))
        #expect(symlink(target, link) == 0 && symlink(target, own) == 0)
        #expect(lchown(theirs, nobody, nobody) == 0 && lchown(link, nobody, nobody) == 0)
        for path in [link, link + "/below"] {
            let refused = #expect(throws: Problem.self) { try give(path, to: nobody) }
            #expect(refused?.message == "as root, pitr does not follow the link \(link)")
        }
        // Also one of root's can have been brought there, by a second name.
        #expect(lchown(link, 0, 0) == 0)
        #expect(throws: Problem.self) { try give(link + "/below", to: nobody) }
        try OwnedDirectory.requireOwned(target, uid: 0)
        #expect(access(target + "/below", F_OK) != 0)

        let refused = #expect(throws: Problem.self) { try give(theirs + "/new/home", to: nobody) }
        #expect(refused?.detail == "\(theirs) belongs to user id \(nobody)")
        #expect(access(theirs + "/new", F_OK) != 0)
        // What is the account's already is not given.
        #expect(mkdir(theirs + "/old", 0o700) == 0 && chown(theirs + "/old", nobody, nobody) == 0)
        try give(theirs + "/old", to: nobody)

        try give(own + "/a/home", to: nobody)
        try OwnedDirectory.requireOwned(target + "/a/home", uid: nobody)
        try OwnedDirectory.requireOwned(target + "/a", uid: 0)
    }

    @Test(.enabled(if: getuid() == 0))
    func `a directory that a group or everybody may write to is refused unless its entries are safe`() throws
    {
        let scratch = try ScratchDirectory()
        #expect(chown(scratch.path, 0, 0) == 0)
        let shared = try ownDirectory(scratch, "shared")
        for (mode, group) in [(0o777, 0), (0o770, 65534)] as [(mode_t, gid_t)] {
            #expect(chown(shared, 0, group) == 0 && chmod(shared, mode) == 0)
            #expect(throws: Problem.self) { try give(shared + "/home", to: 65534) }
            #expect(access(shared + "/home", F_OK) != 0)
        }
        #expect(chmod(shared, 0o1777) == 0)
        try give(shared + "/home", to: 65534)
        try OwnedDirectory.requireOwned(shared + "/home", uid: 65534)
    }
}
