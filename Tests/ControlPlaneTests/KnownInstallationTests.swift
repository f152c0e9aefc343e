import Instance
import Platform
import PostgresFormat
import TestKit
import Testing

@testable import ControlPlane

@Suite struct KnownInstallationTests {
    @Test func `PostgreSQL is looked for once, and again when its program was exchanged`() throws {
        let scratch = try ScratchDirectory("known")
        let program = scratch.file("postgres")
        try DurableFiles.write([1], to: program, durable: false)
        let known = KnownInstallation()
        var searches = 0
        func find() throws(Problem) -> PostgresInstallation {
            try known.installation(15) { (_: Int) throws(Problem) in
                searches += 1
                return PostgresInstallation(
                    binDirectory: scratch.path, version: .v15, minorVersion: "15.\(searches)")
            }
        }
        #expect(try find().minorVersion == "15.1")
        #expect(try find().minorVersion == "15.1")
        // As a package manager does it: another file under the same name.
        try DurableFiles.write([2], to: program, durable: false)
        #expect(try find().minorVersion == "15.2")
        #expect(try find().minorVersion == "15.2")
        #expect(searches == 2)
        try DurableFiles.removeFile(program)
        #expect(try find().minorVersion == "15.3")
    }
}
