import Glibc
import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing
import TestValues

/// All tests of this target: they share one machine, so one at a time.
@Suite(.serialized)
enum EndToEnd {}

extension EndToEnd {
    @Suite(.serialized)
    struct LedgerTests {
        @Test(.timeLimit(.minutes(3)))
        func `a copy holds exactly the rows that pg_waldump puts before the target`() throws {
            var random = SeededRandom()
            TestLog.say("ledger: PITR_TEST_SEED=\(random.seed)")
            try ProductUnderTest.use("ledger") { product in
                let source = try product.create("orders")
                try product.json(
                    "parameter", "set", "-s", "orders", "-n", "max_prepared_transactions", "-v", "8")
                try product.json("restart", "-n", "orders")
                try source.connect().execute(LedgerWorkload.schema)
                let ledger = LedgerSource(source)
                let workload = LedgerWorkload(ledger, seed: random.seed)
                try workload.run(from: 0, steps: 40)
                try workload.run(from: 40, steps: 40) { () throws(Problem) in
                    try product.json("backup", "create", "-s", "orders", "-n", "middle")
                }
                try workload.run(from: 80, steps: 30)
                // A commit that came after the oracle had read would be news to it.
                try product.endAutovacuum(on: source)
                let examination = try LedgerExamination(product, ledger)
                try examination.planEverywhere(50, &random)
                for target in examination.targets(&random) { try examination.restore(target) }
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func `a copy of an attached server holds exactly the rows that pg_waldump puts before the target`()
            throws
        {
            var random = SeededRandom()
            TestLog.say("attached ledger: PITR_TEST_SEED=\(random.seed)")
            try ProductUnderTest.use("attachledger") { product in
                let source = try AttachedSource(
                    product,
                    settings: [
                        "max_prepared_transactions": "8", "autovacuum": "off",
                        // The second base backup waits for no spread checkpoint.
                        "checkpoint_completion_target": "0",
                    ])
                let ledger = LedgerSource(source.postgres, attachedAs: "prod")
                try ledger.connect().execute(LedgerWorkload.schema)
                let workload = LedgerWorkload(ledger, seed: random.seed)
                _ = try source.attach().checked()
                let receiver = try source.receive()
                try workload.run(from: 0, steps: 25)
                try workload.run(from: 25, steps: 25) { () throws(Problem) in
                    try product.json("backup", "create", "-s", "prod", "-n", "middle")
                }
                try workload.run(from: 50, steps: 15)
                try source.settle()
                let examination = try LedgerExamination(product, ledger)
                try examination.planEverywhere(25, &random)
                let targets = examination.targets(&random)
                for target in targets.shuffled(using: &random).prefix(8) {
                    try examination.restore(target)
                }
                AttachedSource.end(receiver, SIGTERM)
            }
        }
    }
}
