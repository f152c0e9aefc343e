import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

/// Names and ids as Azure writes them.
struct IdentifiersTests {
    @Test func `names an automatic backup by the ticks of its end less a second`() throws {
        // A backup of Azure's own, completed 2026-03-31T22:02:13.8769574Z.
        let completed = try TimestampParser.parse("2026-03-31T22:02:13.876957Z").get().instant
        let name = Identifiers.automaticBackupName(completed: completed)
        // The last digit counts 100 ns, which PostgreSQL's clock does not have.
        #expect(name == "backup_639105913328769570")
        #expect(639_105_913_328_769_574 - 639_105_913_328_769_570 == 4)
    }

    @Test func `gives backups names in the order of their ends`() throws {
        let first = try TimestampParser.parse("1999-12-31T23:59:59.999999Z").get().instant
        let names = [0, 1, 1_000_000, 86_400_000_000].map {
            Identifiers.automaticBackupName(completed: first.advanced(byMicroseconds: $0))
        }
        #expect(names == names.sorted() && Set(names).count == names.count)
        #expect(names.allSatisfy { $0.count == "backup_".count + 18 })
    }

    @Test func `never hands out an id twice`() {
        let ids = (0..<1000).map { _ in Identifiers.fresh() }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{16}/) != nil })
    }
}
