import Platform
import ServiceModel
import Testing

@testable import ControlPlane

/// What will make the next command fail is a finding before it does.
@Suite struct MachineForesightTests {
    private static let large = FileSystemFacts(totalBytes: 1 << 40, freeBytes: 1 << 39, freeFiles: 1 << 20)

    private func findings(_ change: (inout MachineForesight) -> Void) -> [DoctorFinding] {
        var machine = MachineForesight(account: "pat", home: "/home/pat/pitr")
        (machine.homeFacts, machine.sharedMemoryFacts) = (Self.large, Self.large)
        change(&machine)
        return machine.findings
    }

    private func expect(
        _ subject: String, _ level: DoctorFinding.Level, saying words: String,
        _ change: (inout MachineForesight) -> Void
    ) {
        let found = findings(change)
        #expect(found.map(\.subject) == [subject] && found.map(\.level) == [level], "\(found)")
        #expect(found.first?.message.contains(words) == true, "\(found)")
        #expect(found.first?.remedy?.hasSuffix("'") == true || found.first?.remedy?.isEmpty == false)
    }

    @Test func `a machine that has all there is to have gives no finding`() {
        #expect(findings { _ in } == [])
    }

    @Test func `an account without an entry, a missing locale and a limit on files are told`() {
        expect("account", .problem, saying: "pat is not in the account database") {
            $0.accountHasEntry = false
        }
        expect("locale", .warning, saying: "C.UTF-8") { $0.hasLocale = false }
        expect("limits", .problem, saying: "1.0 MiB") { $0.fileLimit = 1 << 20 }
    }

    @Test func `a state directory where nothing can be written or run is told`() {
        expect("state directory", .problem, saying: "read-only") { $0.homeFacts?.isReadOnly = true }
        expect("state directory", .problem, saying: "noexec") { $0.homeFacts?.runsPrograms = false }
        expect("state directory", .problem, saying: "10.0 MiB are free") {
            $0.homeFacts?.freeBytes = 10 << 20
        }
        expect("state directory", .problem, saying: "only 12 more files") { $0.homeFacts?.freeFiles = 12 }
    }

    @Test func `shared memory that is missing, closed or small is told`() {
        expect("shared memory", .problem, saying: "missing") { $0.sharedMemoryFacts = nil }
        expect("shared memory", .problem, saying: "cannot be written") { $0.sharedMemoryIsOpen = false }
        expect("shared memory", .problem, saying: "cannot be written") {
            $0.sharedMemoryFacts?.isReadOnly = true
        }
        expect("shared memory", .problem, saying: "0 B are free") { $0.sharedMemoryFacts?.freeBytes = 0 }
        expect("shared memory", .warning, saying: "16.0 MiB") { $0.sharedMemoryFacts?.totalBytes = 16 << 20 }
    }

    @Test func `a file system tells what it is like`() throws {
        let facts = try #require(FileSystemFacts(of: "/proc"))
        #expect(facts.freeBytes == 0)
        #expect(FileSystemFacts(of: "/no/such/place") == nil)
    }
}
