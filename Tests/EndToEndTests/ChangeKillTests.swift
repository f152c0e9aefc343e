import Notation
import Platform
import PostgresFormat
import TestKit
import Testing

extension EndToEnd {
    /// SIGKILL in front of every change that a command makes: afterwards one `maintain` leaves nothing
    /// unfinished, `doctor` finds nothing wrong, and the command can be given again.
    @Suite(.serialized)
    struct ChangeKillTests {
        private struct Case {
            var command: [String]
            /// Puts back what the command did.
            var undo: [String]?
            /// Codes with which it may be refused when it is given again, since it was done.
            var done: Set<String> = []

            init(_ command: String, undo: String? = nil, done: Set<String> = []) {
                self.command = command.split(separator: " ").map(String.init)
                self.undo = undo.map { $0.split(separator: " ").map(String.init) }
                self.done = done
            }
        }

        /// A command that makes more changes than that has a test of its own.
        private static let mostChanges = 80

        private static let ofServers = [
            Case("update -n orders --tags a=b"), Case("update -n orders --admin-password N3w-Passw0rd"),
            Case("update -n orders --backup-retention 9"),
            Case(
                "parameter set -s orders -n work_mem -v 8192",
                undo: "parameter set -s orders -n work_mem -v 4096"),
            Case("db create -s orders -n shop"),
            Case("db delete -s orders -n shop --yes", done: ["ResourceNotFound"]),
            Case(
                "restore-point create -s orders -n mark"),
            Case("restart -n orders"), Case("stop -n orders", done: ["ServerIsNotReady"]),
            Case("start -n orders", done: ["ServerIsNotStopped"]),
        ]

        private static let ofOthers = [
            Case("group create -n shop"),
            Case("group delete -n shop --yes", done: ["ResourceGroupNotFound"]),
            Case(
                "identity create -n ada --role Reader", undo: "identity delete -n ada --yes", done: ["Usage"]),
            Case("firewall-rule create -s orders -n a --start-ip-address 127.0.0.9"),
            Case("firewall-rule update -s orders -n a --start-ip-address 127.0.0.8"),
            Case("firewall-rule delete -s orders -n a --yes", done: ["ResourceNotFound"]),
            Case(
                "update -n orders --public-access Disabled", undo: "update -n orders --public-access Enabled"),
            Case("backup verify -s orders"),
            Case("backup create -s orders -n second", done: ["BackupNameAlreadyExists"]),
            Case("backup delete -s orders -n second --yes", done: ["ResourceNotFound"]),
        ]

        @Test func `commands on a server can be killed in front of every change`() throws {
            try Self.check(Self.ofServers, "killserver")
        }

        @Test func `commands on what a server has, on groups and identities, can be killed likewise`() throws
        {
            try Self.check(Self.ofOthers, "killparts")
        }

        private static func check(_ cases: [Case], _ name: String) throws {
            try ProductUnderTest.use(name) { product in
                _ = try product.create("orders", ["--tier", "GeneralPurpose"])
                for item in cases { try check(item, product) }
            }
        }

        private static func check(_ item: Case, _ product: ProductUnderTest) throws {
            for change in 1...mostChanges {
                let words = "\(item.command.joined(separator: " ")) at change \(change)"
                let answer = try product.run(
                    item.command, environment: ["PITR_KILL_AT_CHANGE": String(change)])
                guard answer.exitStatus == 137 else {
                    // It ended before it came to so many, perhaps since an earlier attempt had done its work.
                    expectDone(answer, item, words)
                    #expect(change > 1, "\(words): it changes nothing")
                    if let undo = item.undo { _ = try product.run(undo).checked() }
                    return
                }
                let actions = try product.json("maintain").array ?? []
                #expect(
                    !actions.contains { $0["outcome"]?.string?.hasPrefix("failed") == true },
                    "\(words): \(JSONValue.array(actions).printed())")
                // A restart that was killed between its halves leaves a server that should run.
                _ = try product.run(["start", "--all"]).checked()
                let doctor = try product.run(["doctor"])
                #expect(doctor.exitStatus == 0, "\(words): \(doctor)")
                #expect(try product.json("operation", "list") == [], "\(words)")
            }
            Issue.record("\(item.command.joined(separator: " ")) makes more than \(mostChanges) changes")
        }

        private static func expectDone(_ answer: ProductAnswer, _ item: Case, _ words: String) {
            let isDone = item.done.contains { answer.errors.contains("(\($0))") }
            #expect(answer.exitStatus == 0 || isDone, "\(words): \(answer)")
        }
    }
}
