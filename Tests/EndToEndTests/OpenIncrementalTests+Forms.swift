import Notation
import Platform
import PostgresClient
import Testing
import TestKit

extension EndToEnd.OpenIncrementalTests {
    private static let digest =
        "SELECT md5(string_agg(k::text, '' ORDER BY i)) || (SELECT sum(x) FROM far)"
        + " || (SELECT x FROM comes) FROM kept k"

    /// A server with a tablespace, and the tablespace's number.
    private static func source() throws -> (Source, String) {
        let source = try Source()
        try source.scratch.directory("ts")
        try source.postgres.psql("CREATE TABLESPACE far LOCATION '\(source.scratch.file("ts"))'")
        try source.postgres.psql(
            """
            CREATE TABLE kept AS SELECT i, repeat('x', 500) AS t FROM generate_series(1, 3000) AS i;
            CREATE TABLE far TABLESPACE far AS SELECT i AS x FROM generate_series(1, 9000) AS i
            """)
        let number = try source.postgres.psql("SELECT oid FROM pg_tablespace WHERE spcname = 'far'")
        return (source, number)
    }

    private static func change(_ source: Source, _ text: String) throws {
        try source.postgres.psql("UPDATE kept SET t = '\(text)' WHERE i IN (7, 1500)")
        try source.postgres.psql("UPDATE far SET x = 5 WHERE x = 8000")
    }

    private static func restored(_ product: ProductUnderTest, _ name: String) throws -> String {
        let copy = try product.restore("of-\(name)", from: name, []).server
        let session = try copy.superuser()
        defer { session.close() }
        return try session.value(digest) ?? ""
    }

    @Test(.enabled(if: isThere, "PostgreSQL 15 and 16 take none"), .timeLimit(.minutes(2)))
    func `archives of incremental backups, packed and not, are put together as folders are`() throws {
        try ProductUnderTest.use("openincrtar") { product in
            let (source, number) = try Self.source()
            let full = try source.backUp("full", ["-Ft", "-z"])
            try Self.change(source, "first")
            let first = try source.backUp("first", since: "full", ["-Ft"])
            try Self.change(source, "second")
            try source.postgres.psql("CREATE TABLE comes AS SELECT 5 AS x")
            let second = try source.backUp("second", since: "first", ["-Ft", "-z"])
            let expected = try source.postgres.psql(Self.digest)
            try source.postgres.stop("immediate")
            let bases = [first, second, full].flatMap { ["--base", $0] }

            let alone = try product.run(["open", "-n", "found", "--base", second])
            #expect(alone.errors.contains("the one before it is not named"), "\(alone)")
            let checked = try product.run(["open", "--check"] + bases).value()
            #expect(checked["isUsable"] == true)
            let opened = try product.run(["open", "-n", "found"] + bases).value()
            try Self.compare(opened, with: source.combined(try Self.unpacked(source, number)))
            #expect(try Self.restored(product, "found") == expected)

            try RunAs().runChecked(Command("rm", ["\(full)/\(number).tar.gz"]))
            let missing = try product.run(["open", "--check"] + bases)
            #expect(missing.exitStatus == 1 && missing.output.contains("is missing in"), "\(missing)")
        }
    }

    /// The same as folders, the tablespace inside of each.
    private static func unpacked(_ source: Source, _ number: String) throws -> [String] {
        try ["full", "first", "second"].map { name in
            let folder = source.scratch.file("\(name).folder")
            let steps = """
                set -e
                mkdir -m 700 \(folder); cd \(folder)
                tar xf ../\(name)/base.tar* ; cp ../\(name)/backup_manifest .
                rm -f pg_tblspc/\(number); mkdir -p pg_tblspc/\(number)
                tar xf ../\(name)/\(number).tar* -C pg_tblspc/\(number)
                """
            try RunAs().runChecked(Command("bash", ["-c", steps], workingDirectory: "/"))
            return folder
        }
    }

    @Test(.enabled(if: isThere, "PostgreSQL 15 and 16 take none"), .timeLimit(.minutes(2)))
    func `tablespaces of incremental backups that are links are taken where each is named`() throws {
        try ProductUnderTest.use("openincrlink") { product in
            let (source, number) = try Self.source()
            func place(_ name: String) -> String { source.scratch.file("ts-\(name)") }
            func mapping(_ name: String) -> [String] {
                ["-T", "\(source.scratch.file("ts"))=\(place(name))"]
            }
            let full = try source.backUp("full", mapping("full"))
            try Self.change(source, "first")
            try source.postgres.psql("CREATE TABLE comes AS SELECT 5 AS x")
            let first = try source.backUp("first", since: "full", mapping("first"))
            let expected = try source.postgres.psql(Self.digest)
            try source.postgres.stop("immediate")
            let open = { (options: [String], directories: [String]) in
                try product.run(
                    ["open"] + options + ["--base", full, "--base", first]
                        + directories.flatMap { ["--tablespace", "\(number)=\($0)"] })
            }
            let unnamed = try open(["-n", "found"], [])
            #expect(
                unnamed.errors.contains("tablespace \(number) of the base backup is a link"), "\(unnamed)")
            #expect(unnamed.errors.contains("once for each --base in which it is a link"), "\(unnamed)")
            let once = try open(["-n", "found"], [place("first")])
            #expect(once.errors.contains("names 1 of 2 directories"), "\(once)")
            let wrong = try open(["--check"], [place("first"), place("full")])
            #expect(wrong.exitStatus == 1 && wrong.output.contains("pg_tblspc/\(number)/"), "\(wrong)")
            _ = try open(["-n", "found"], [place("full"), place("first")]).checked()
            #expect(try Self.restored(product, "found") == expected)
        }
    }
}
