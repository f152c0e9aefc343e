import Platform
import PostgresFormat
import Repository
import TestKit
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// The helper as PostgreSQL runs it: exit status and one line for the log.
@Suite struct HelperTests {
    private static let name = "000000010000000000000005"

    @Test func `push answers 0, again 0, and 1 with one line for other bytes`() throws {
        let fixture = try WALFixture()
        try fixture.source(WALFixture.segment(1))
        #expect(try Self.push(fixture).exitStatus == 0)
        let again = try Self.push(fixture)
        #expect(again.exitStatus == 0 && again.standardError.isEmpty)
        try fixture.source(WALFixture.segment(2))
        let other = try Self.push(fixture)
        #expect(other.exitStatus == 1)
        #expect(other.standardError.hasPrefix("pitr-wal: \(Self.name) is in the archive with other bytes"))
        #expect(other.standardError.split(separator: "\n").count == 1)
    }

    @Test func `get answers 0, 1 for a segment that is not there, 200 for one that is damaged`() throws {
        let fixture = try WALFixture()
        try fixture.push(Self.name, WALFixture.segment(1))
        let target = fixture.scratch.file("RECOVERYXLOG")
        #expect(try Self.get(fixture, Self.name, target).exitStatus == 0)
        #expect(try DurableFiles.read(target) == WALFixture.segment(1))
        #expect(try Self.get(fixture, "000000010000000000000006", target + "2").exitStatus == 1)
        #expect(try Self.get(fixture, "00000002.history", target + "2").exitStatus == 1)

        let stored = try fixture.stored(Self.name)
        var bytes = try DurableFiles.read(stored)
        bytes[5000] ^= 1
        try DurableFiles.write(bytes, to: stored)
        let damaged = try Self.get(fixture, Self.name, target + "2")
        #expect(damaged.exitStatus == 200)
        #expect(damaged.standardError.contains("is damaged in the archive"))
        #expect(DurableFiles.status(target + "2") == nil)
    }

    @Test func `get of anything else that fails stops recovery`() throws {
        let fixture = try WALFixture()
        let nowhere = RepositoryLayout(root: fixture.scratch.file("nowhere"))
        let missing = try Self.run(["get", nowhere.root, Self.name, fixture.scratch.file("x")])
        #expect(missing.exitStatus == 200)
        #expect(try Self.run(["get", "too", "few"]).exitStatus == 200)
    }

    @Test func `wrong use is told, on one line`() throws {
        for arguments in [[], ["push"], ["version", "x"], ["help"]] {
            let result = try Self.run(arguments)
            #expect(result.exitStatus == 2)
            #expect(result.standardError.hasPrefix("usage: pitr-wal "))
        }
        #expect(try Self.run(["version"]).standardOutput.hasPrefix("pitr-wal "))
    }

    @Test func `a path that cannot be read is told with the system's words`() throws {
        let fixture = try WALFixture()
        let result = try Self.push(fixture)
        #expect(result.exitStatus == 1)
        #expect(result.standardError.contains("No such file or directory"))
    }

    @Test func `a file that may grow no further fails the push and leaves nothing`() throws {
        let fixture = try WALFixture()
        try fixture.source(WALFixture.segment(1))
        // The helper inherits the limit of 64 blocks; the signal is ignored, as PostgreSQL does.
        let script = """
            trap '' XFSZ; ulimit -f 64
            exec '\(BuiltProduct.path("pitr-wal"))' push '\(fixture.layout.root)' \
              '\(fixture.sourcePath)' \(Self.name)
            """
        let result = try SystemCommands().run(Command("sh", ["-c", script]))
        #expect(result.exitStatus == 1)
        #expect(result.standardError.contains("cannot write"))
        #expect(try DurableFiles.list(fixture.layout.incoming).isEmpty)
        #expect(try fixture.archive.names().isEmpty)
        #expect(try Self.push(fixture).exitStatus == 0)
    }

    @Test(.enabled(if: getuid() == 0, "only root mounts a small file system"))
    func `a full disk fails the push, leaves nothing, and the next one succeeds when there is room`() throws {
        let fixture = try WALFixture()
        let mount = fixture.scratch.file("small")
        try DurableFiles.makeDirectory(mount)
        try SystemCommands().runChecked(Command("mount", ["-t", "tmpfs", "-o", "size=256k", "none", mount]))
        defer { _ = try? SystemCommands().run(Command("umount", ["-l", mount])) }
        let layout = RepositoryLayout(root: mount + "/r")
        try layout.create(
            RepositoryIdentity(serverID: "s", systemIdentifier: WALFixture.system, postgresMajor: 15))
        try fixture.source(WALFixture.segment(1))
        let result = try Self.run(["push", layout.root, fixture.sourcePath, Self.name])
        #expect(result.exitStatus == 1)
        #expect(result.standardError.contains("No space left on device"))
        #expect(result.standardError.split(separator: "\n").count == 1)
        #expect(try DurableFiles.list(layout.incoming).isEmpty)
        try SystemCommands().runChecked(Command("mount", ["-o", "remount,size=32m", mount]))
        #expect(try Self.run(["push", layout.root, fixture.sourcePath, Self.name]).exitStatus == 0)
    }

    @Test func `what gzip packed is unpacked as gzip does, and refused where gzip refuses it`() throws {
        let scratch = try ScratchDirectory("unpack")
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7 ^ $0 >> 9) }
        try DurableFiles.write(content, to: scratch.file("plain"), durable: false)
        let steps = """
            cd '\(scratch.path)'
            gzip -c < plain > one; gzip -c < /dev/null > none; gzip -1 -n < plain > fast
            cat one fast none one > many; { cat one; head -c 300000 /dev/zero; } > padded
            { cat one; printf x; } > tail; { cat one; head -c 9 /dev/zero; printf x; } > laterTail
            head -c 4000 one > cut; head -c -1 one > short; : > empty; cp plain foreign
            { cat one; head -c 12 one; } > begun
            for place in 1 2 3 12 60 2000 -7 -3; do
                size=$(stat -c %s one); at=$(( (place + size) % size )); cp one "wrong$place"
                printf '\\377' | dd of="wrong$place" bs=1 seek=$at conv=notrunc status=none
            done
            for name in *; do
                [ "$name" = plain ] && continue
                gzip -dc < "$name" > "/tmp/$$.theirs" 2> /dev/null; theirs=$?
                '\(BuiltProduct.path("pitr-wal"))' unpack < "$name" > "/tmp/$$.ours"; ours=$?
                [ $((theirs > 0 ? 65 : 0)) = $ours ] || echo "$name: $theirs and $ours"
                [ $theirs -gt 0 ] || cmp "/tmp/$$.theirs" "/tmp/$$.ours" || echo "$name differs"
                [ $theirs -gt 0 ] || echo "whole $name"
            done
            rm -f "/tmp/$$.theirs" "/tmp/$$.ours"
            """
        let result = try SystemCommands().runChecked(
            Command("bash", ["-c", steps], timeoutSeconds: 60)
        ).standardOutput
        let whole = ["fast", "many", "none", "one", "padded"].map { "whole \($0)\n" }.joined()
        #expect(result == whole)
    }

    @Test(arguments: [
        ("< /", 74, "cannot read: Is a directory"), ("< one > /dev/full", 74, "cannot write: No space left"),
        ("< cut", 65, "the end is missing"),
        ("< behind", 65, "what follows the end is not gzip's"), ("< wrong", 65, "incorrect"),
    ])
    func `only what is damaged ends unpack with 65, and what failed is said`(
        _ streams: String, _ status: Int32, _ words: String
    ) throws {
        let scratch = try ScratchDirectory("unpack")
        let steps = """
            cd '\(scratch.path)'
            head -c 200000 /dev/urandom | gzip -c > one
            head -c 4000 one > cut; { cat one; head -c 9 /dev/zero; printf x; } > behind
            { head -c -8 one; printf '\\377\\377\\377\\377\\377\\377\\377\\377'; } > wrong
            exec '\(BuiltProduct.path("pitr-wal"))' unpack \(streams) 2> words
            """
        let result = try SystemCommands().run(Command("bash", ["-c", steps], timeoutSeconds: 60))
        #expect(result.exitStatus == status)
        let said = String(decoding: try DurableFiles.read(scratch.file("words")), as: UTF8.self)
        #expect(said.hasPrefix("pitr-wal: \(words)") && said.split(separator: "\n").count == 1, "\(said)")
    }

    private static func push(_ fixture: WALFixture) throws -> CommandResult {
        try run(["push", fixture.layout.root, fixture.sourcePath, name])
    }

    private static func get(_ fixture: WALFixture, _ name: String, _ target: String) throws -> CommandResult {
        try run(["get", fixture.layout.root, name, target])
    }

    private static func run(_ arguments: [String]) throws -> CommandResult {
        try SystemCommands().run(Command(BuiltProduct.path("pitr-wal"), arguments))
    }
}
