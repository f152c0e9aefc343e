import Foundation
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// The power goes off: only what the file system had been told to write is there afterwards.
    ///
    /// The state directory is on an ext4 image mounted through a loop device. A copy of the image file, made
    /// while everything runs and nothing is synced, is what a disk would hold at that moment; it is mounted
    /// in place of the first one.
    @Suite(.serialized)
    struct PowerLossTests {
        @Test(.enabled(if: LossyDisk.isPossible, "needs root, loop devices and mkfs.ext4"))
        func `a restore that was called complete survives a power loss, one that was not leaves nothing`()
            throws
        {
            try ProductUnderTest.use("powerloss", onDisk: true) { product in
                let disk = try LossyDisk(product.scratch)
                defer { disk.remove() }
                func pitr(_ arguments: [String], killAt step: String? = nil) throws -> ProductAnswer {
                    var environment = ["PITR_HOME": disk.home]
                    environment["PITR_KILL_AT"] = step
                    return try product.run(arguments, environment: environment)
                }
                let made = try pitr([
                    "create", "-n", "orders", "-u", "bob", "-p", ProductUnderTest.adminPassword,
                ])
                let address = try #require(try made.value()["host"]?.string)
                func rows(at host: String) throws -> String? {
                    let parameters = ConnectionParameters(
                        host: host, user: "bob", password: ProductUnderTest.adminPassword, sslMode: "require")
                    return try Connection(parameters).query("SELECT count(*)::text FROM ledger").scalar
                }
                let source = try Connection(
                    ConnectionParameters(
                        host: address, user: "bob", password: ProductUnderTest.adminPassword,
                        sslMode: "require"))
                try source.execute("CREATE TABLE ledger AS SELECT n FROM generate_series(1, 50000) AS n")

                for step in ["settle", "open", "complete"] {
                    let killed = try pitr(
                        ["restore", "-n", "copy", "--source-server", "orders"], killAt: step)
                    #expect(killed.exitStatus != 0, "killed at \(step)")
                    try disk.losePower()
                    _ = try pitr(["maintain"]).checked()
                    _ = try pitr(["start", "--all"]).checked()
                    let names = try pitr(["list"]).value().array?.compactMap { $0["name"]?.string }
                    #expect(names == ["orders"], "after a loss at \(step)")
                    #expect(try rows(at: address) == "50000")
                }

                let restored = try pitr(["restore", "-n", "copy", "--source-server", "orders"]).value()
                let host = try #require(restored["fullyQualifiedDomainName"]?.string)
                try disk.losePower()
                _ = try pitr(["start", "--all"]).checked()
                _ = try pitr([
                    "firewall-rule", "create", "-s", "copy", "-n", "test", "--start-ip-address", "127.0.0.1",
                ]).checked()
                #expect(try rows(at: host) == "50000")
                _ = try pitr(["delete", "-n", "copy", "--yes"])
                _ = try pitr(["delete", "-n", "orders", "--yes"])
            }
        }
    }
}

/// A disk that forgets what was not synced.
private struct LossyDisk {
    private let scratch: ScratchDirectory
    private let commands = SystemCommands()
    private var image: String { scratch.file("disk.img") }
    private var mountPoint: String { scratch.file("disk") }
    var home: String { mountPoint + "/home" }

    static var isPossible: Bool {
        getuid() == 0 && access("/dev/loop-control", W_OK) == 0
            && ["/sbin/mkfs.ext4", "/usr/sbin/mkfs.ext4"].contains { (path: String) in access(path, X_OK) == 0
            }
    }

    init(_ scratch: ScratchDirectory) throws {
        self.scratch = scratch
        try sh("truncate", "-s", "3G", image)
        try sh("mkfs.ext4", "-q", "-E", "lazy_itable_init=0", image)
        try sh("mkdir", mountPoint)
        try sh("mount", "-o", "loop", image, mountPoint)
        try sh("chmod", "755", mountPoint)
        // As the servers' account has it: root makes nothing below a folder that belongs to another.
        try sh("mkdir", "-m", "700", home)
        try RunAs.handOver(home)
    }

    /// Ends every process that works there, keeps what the device has been told so far, and mounts that.
    func losePower() throws {
        // Nobody may write while the image is copied: a disk is one state, not the states of a while.
        endProcesses()
        let left = scratch.file("left.img")
        try sh("cp", "--sparse=always", image, left)
        try unmount()
        try sh("mv", left, image)
        try sh("mount", "-o", "loop", image, mountPoint)
    }

    func remove() {
        endProcesses()
        try? unmount()
    }

    /// A process that was killed may hold the mount for a moment longer.
    private func unmount() throws {
        let isDone = ProductUnderTest.eventually { (try? sh("umount", mountPoint)) != nil }
        guard isDone else { throw Problem(.system, "\(mountPoint) stays busy") }
    }

    /// Kills servers and backups in the background; their files stay as they are.
    private func endProcesses() {
        func working() -> [Int32] {
            ((try? DurableFiles.list("/proc")) ?? []).compactMap { Int32($0) }.filter { process in
                let files = FileManager.default
                let place = (try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")) ?? ""
                let line = (try? DurableFiles.readIfPresent("/proc/\(process)/cmdline")) ?? []
                let isWorker = String(decoding: line, as: UTF8.self).contains("_backup-worker")
                return place.hasPrefix(home)
                    || isWorker && String(decoding: line, as: UTF8.self).contains(home)
            }
        }
        ProductUnderTest.eventually {
            let left = working()
            for process in left { kill(process, SIGKILL) }
            return left.isEmpty
        }
    }

    private func sh(_ words: String...) throws {
        let result = try commands.run(Command(words[0], Array(words.dropFirst()), timeoutSeconds: 60))
        guard result.succeeded else {
            throw Problem(.system, "\(words.joined(separator: " ")) failed", detail: result.words)
        }
    }
}
