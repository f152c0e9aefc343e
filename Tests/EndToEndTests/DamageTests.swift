import Foundation
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// What time and disks do to an archive: every kind is found, named, and nothing is restored from it.
    @Suite(.serialized)
    struct DamageTests {
        @Test func `a damaged, missing or swapped WAL segment is named and nothing is made`() throws {
            try ProductUnderTest.use("waldamage") { product in
                let source = try product.create("orders")
                let segments = try Self.threeSegments(product, source)
                let wanted = segments[1]
                let path = try Self.folder(product, "wal/00000001") + "/\(wanted).zst"
                let asked = ["restore", "-n", "copy", "--source-server", "orders"]
                for damage in FileDamage.allCases {
                    let undo = try damage.apply(to: path)
                    try product.refuses(asked, saying: wanted)
                    try undo()
                }
                let other = try Self.folder(product, "wal/00000001") + "/\(segments[2]).zst"
                try Self.swap(path, other)
                try product.refuses(asked, saying: wanted)
                try Self.swap(path, other)
                let copy = try product.restore("copy", from: "orders")
                #expect(try copy.server.superuser().value("SELECT count(*) FROM t") == "3")
            }
        }

        @Test func `a gap says which side of it can be reached`() throws {
            try ProductUnderTest.use("walgap") { product in
                let source = try product.create("orders")
                let segments = try Self.threeSegments(product, source)
                let path = try Self.folder(product, "wal/00000001") + "/\(segments[1]).zst"
                _ = try FileDamage.missing.apply(to: path)
                try product.refuses(
                    ["plan", "--source-server", "orders"], saying: segments[1], "is missing",
                    "is reachable",
                    "until a newer backup is taken")
                try product.json("backup", "create", "-s", "orders", "-n", "after")
                let copy = try product.restore("copy", from: "orders")
                #expect(try copy.server.superuser().value("SELECT count(*) FROM t") == "3")
                #expect(copy.evidence["baseBackup"] == "after")
                let doctor = try product.run(["doctor"])
                #expect(doctor.output.contains(segments[1]), "\(doctor)")
            }
        }

        @Test func `a damaged file of a base backup is named and nothing is made`() throws {
            try ProductUnderTest.use("basedamage") { product in
                _ = try product.create("orders")
                let backups = try Self.folder(product, "backups")
                let name = try #require(try DurableFiles.list(backups).first)
                let folder = backups + "/" + name
                let asked = ["restore", "-n", "copy", "--source-server", "orders"]
                for file in ["PG_VERSION", "global/pg_control", "base/1/PG_VERSION"] {
                    for damage in FileDamage.allCases {
                        let undo = try damage.apply(to: "\(folder)/data/\(file).zst")
                        try product.refuses(asked, saying: file)
                        try undo()
                    }
                }
                for file in ["backup_manifest", "backup.json"] {
                    for damage in FileDamage.allCases {
                        let undo = try damage.apply(to: "\(folder)/\(file)")
                        let answer = try product.run(asked)
                        #expect(answer.exitStatus == 1, "\(damage) of \(file): \(answer)")
                        #expect(try product.serverFolders().count == 1)
                        try undo()
                    }
                }
                _ = try product.restore("copy", from: "orders")
            }
        }

        @Test func `an archive that cannot be written loses nothing and is told`() throws {
            try ProductUnderTest.use("fullarchive") { product in
                let source = try product.create("orders")
                let incoming = try Self.folder(product, "wal/incoming")
                try FileManager.default.moveItem(atPath: incoming, toPath: incoming + ".aside")
                try DurableFiles.write([], to: incoming)
                let connection = try source.superuser()
                try connection.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
                try connection.execute("SELECT pg_switch_wal()")
                try connection.execute("INSERT INTO t VALUES (2)")
                let isTold = try ProductUnderTest.eventually {
                    try product.json("show", "-n", "orders")["local"]?["archiver"]?["isFailing"]?.bool == true
                }
                #expect(isTold)
                #expect(try product.run(["doctor"]).output.contains("WAL is not being archived"))
                // What PostgreSQL keeps is read from itself.
                let early = try product.restore("early", from: "orders")
                #expect(try early.server.superuser().value("SELECT count(*) FROM t") == "2")
                _ = try DurableFiles.removeFile(incoming)
                try FileManager.default.moveItem(atPath: incoming + ".aside", toPath: incoming)
                try connection.execute("SELECT pg_switch_wal()")
                let isWell = try ProductUnderTest.eventually {
                    try product.json("show", "-n", "orders")["local"]?["archiver"]?["isFailing"]?.bool
                        == false
                }
                #expect(isWell)
                let late = try product.restore("late", from: "orders")
                #expect(try late.server.superuser().value("SELECT count(*) FROM t") == "2")
            }
        }

        // MARK: Tools

        /// A folder of the only server's repository.
        private static func folder(_ product: ProductUnderTest, _ path: String) throws -> String {
            let id = try #require(try product.serverFolders().first)
            return "\(product.home)/repository/\(id)/\(path)"
        }

        /// Writes a row into each of three segments and waits until they are archived; the answer is their
        /// names.
        private static func threeSegments(_ product: ProductUnderTest, _ source: ManagedServer) throws
            -> [String]
        {
            let connection = try source.superuser()
            try connection.execute("CREATE TABLE t (n int)")
            var names: [String] = []
            for number in 1...3 {
                try connection.execute("INSERT INTO t VALUES (\(number))")
                names.append(
                    try #require(try connection.value("SELECT pg_walfile_name(pg_current_wal_insert_lsn())")))
                try connection.execute("SELECT pg_switch_wal()")
            }
            let folder = try folder(product, "wal/00000001")
            let isThere = ProductUnderTest.eventually {
                names.allSatisfy { DurableFiles.status("\(folder)/\($0).zst") != nil }
            }
            try #require(isThere)
            return names
        }

        private static func swap(_ left: String, _ right: String) throws {
            let files = FileManager.default
            try files.moveItem(atPath: left, toPath: left + ".swap")
            try files.moveItem(atPath: right, toPath: left)
            try files.moveItem(atPath: left + ".swap", toPath: right)
        }
    }
}

/// What can happen to a file.
private enum FileDamage: CaseIterable {
    case flipped, truncated, empty, missing

    /// Does it; the answer undoes it, with the file's owner as before.
    func apply(to path: String) throws -> () throws -> Void {
        let aside = path + ".sound"
        try FileManager.default.moveItem(atPath: path, toPath: aside)
        var bytes = try DurableFiles.read(aside)
        switch self {
        case .flipped: bytes[bytes.count / 2] ^= 0x10
        case .truncated: bytes.removeLast(bytes.count / 2)
        case .empty: bytes = []
        case .missing: break
        }
        if self != .missing {
            try DurableFiles.write(bytes, to: path)
            try RunAs.handOver(path)
        }
        return {
            if self != .missing { try FileManager.default.removeItem(atPath: path) }
            try FileManager.default.moveItem(atPath: aside, toPath: path)
        }
    }
}
