#if canImport(Glibc)
    import Glibc
#endif
import TestKit
import Testing

@testable import ControlPlane
@testable import Platform

/// What the files of a server tell about its upgrade; what the server itself tells is tried end to end.
struct UpgradeHindranceTests {
    @Test func `a data directory with a directory behind a link is not upgraded`() throws {
        let scratch = try ScratchDirectory("hindrance")
        let data = scratch.file("data")
        for folder in ["data/pg_tblspc", "data/base/5", "elsewhere"] {
            try DurableFiles.makeDirectories(scratch.file(folder), durable: false)
        }
        #expect(try UpgradeHindrance.links(below: data) == [])
        let target = scratch.file("elsewhere")
        try DurableFiles.write([1], to: target + "/file", durable: false)
        #expect(symlink(target + "/file", data + "/server.key") == 0)
        #expect(try UpgradeHindrance.links(below: data) == [])
        for link in ["pg_wal", "base/6", "pg_tblspc/16400"] {
            #expect(symlink(target, "\(data)/\(link)") == 0)
        }
        let found = try UpgradeHindrance.links(below: data)
        #expect(found == [.links(["pg_wal", "base/6", "pg_tblspc/16400"])])
        let problem = Problem.cannotBeUpgraded("copy", found)
        #expect(problem.code == .operationNotSupported)
        #expect(problem.detail?.contains("'pg_wal'") == true)
    }

    @Test func `a link anywhere below a tablespace or a database is found, a single file's too`() throws {
        let scratch = try ScratchDirectory("hindrance")
        let data = scratch.file("data")
        let space = "pg_tblspc/16390/PG_15_202209061"
        for folder in ["data/base/5", "data/global", "data/\(space)/5", "elsewhere"] {
            try DurableFiles.makeDirectories(scratch.file(folder), durable: false)
        }
        let target = scratch.file("elsewhere")
        try DurableFiles.write([1], to: target + "/file", durable: false)
        try DurableFiles.write([1], to: "\(data)/\(space)/5/16401", durable: false)
        #expect(try UpgradeHindrance.links(below: data) == [])
        let links = ["base/5/16400", "global/1262", "\(space)/5/16402"]
        for link in links { #expect(symlink(target + "/file", "\(data)/\(link)") == 0) }
        #expect(symlink(target, "\(data)/\(space)/6") == 0)
        #expect(try UpgradeHindrance.links(below: data) == [.links(links + ["\(space)/6"])])
    }

    @Test func `a first superuser that pg_upgrade cannot work as is named, and what to do`() {
        let problem = Problem.cannotBeUpgraded("copy", [.firstSuperuser(["postgres"])])
        #expect(problem.detail?.contains("its first superuser, 'postgres', is none any more") == true)
        #expect(problem.hint?.contains("ALTER ROLE … SUPERUSER LOGIN") == true)
    }
}
