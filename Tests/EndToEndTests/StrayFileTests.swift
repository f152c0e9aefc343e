import Foundation
import Notation
import Platform
import PostgresFormat
import TestKit
import Testing

#if canImport(Glibc)
    import Glibc
#endif

extension EndToEnd {
    /// Things in a data directory that are not PostgreSQL's.
    @Suite(.serialized)
    struct StrayFileTests {
        @Test func `what PostgreSQL never reads is passed over with a note, what it needs is refused`() throws
        {
            try ProductUnderTest.use("stray") { product in
                let source = try product.create("orders")
                let data = source.dataDirectory
                #expect(mkfifo(data + "/base/notes.fifo", 0o600) == 0)
                try Self.bindSocket(data, "agent.sock")
                try Self.link(data + "/dead", to: "/nowhere/at/all")
                try Self.link(data + "/log", to: "/tmp")
                try Self.hide(data + "/secret", isDirectory: false)
                try Self.hide(data + "/lost+found", isDirectory: true)
                try DurableFiles.write([1], to: data + "/.DS_Store")

                let answer = try product.run(["backup", "create", "-s", "orders", "-n", "one"]).checked()
                let told = try answer.value()["local"]?["passedOver"]?.array?.compactMap(\.string) ?? []
                for (name, why) in [
                    ("agent.sock", "a socket"), ("base/notes.fifo", "a socket, FIFO"),
                    ("dead", "leads nowhere"), ("log", "out of the data directory"),
                    ("secret", "not readable"), ("lost+found", "the file system's own"),
                ] {
                    #expect(told.contains { $0.contains("\"\(name)\"") && $0.contains(why) }, "\(told)")
                }
                #expect(told.count == 6)
                #expect(answer.errors.contains("nothing that PostgreSQL reads"), "\(answer.errors)")
                let doctor = try product.json("doctor").array ?? []
                #expect(doctor.allSatisfy { $0["level"] == "ok" }, "\(JSONValue.array(doctor).printed())")

                // A relation's name: a backup without it would be without data.
                let relation = data + "/base/1/987654"
                #expect(mkfifo(relation, 0o600) == 0)
                try product.refuses(
                    ["backup", "create", "-s", "orders", "-n", "two"], saying: "OperationNotSupported",
                    "base/1/987654")
                let finding = try product.run(["doctor"]).output
                #expect(finding.contains("backups fail") && finding.contains("base/1/987654"), "\(finding)")
                try DurableFiles.removeFile(relation)
                // What root owns would keep the test's server from being deleted.
                for name in ["secret", "lost+found"] { try DurableFiles.removeTree(data + "/" + name) }
            }
        }

        private static func link(_ path: String, to target: String) throws {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        }

        /// The servers' account cannot read it: root's own, or nobody's.
        private static func hide(_ path: String, isDirectory: Bool) throws {
            if isDirectory {
                try DurableFiles.makeDirectory(path)
            } else {
                try DurableFiles.write([1], to: path)
            }
            if getuid() != 0, !isDirectory { chmod(path, 0) }
        }

        /// A socket's address has room for few bytes, so it is bound through the directory's descriptor.
        private static func bindSocket(_ directory: String, _ name: String) throws {
            let folder = open(directory, O_RDONLY | O_DIRECTORY)
            let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer {
                close(folder)
                close(socket)
            }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { room in
                room.copyBytes(from: Array("/proc/self/fd/\(folder)/\(name)".utf8))
            }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
        }
    }
}
