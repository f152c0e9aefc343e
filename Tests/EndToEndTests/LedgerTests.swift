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
        @Test func `a copy holds exactly the rows that pg_waldump puts before the target`() throws {
            var random = SeededRandom()
            TestLog.say("ledger: PITR_TEST_SEED=\(random.seed)")
            try ProductUnderTest.use("ledger") { product in
                let source = try product.create("orders")
                try product.json(
                    "parameter", "set", "-s", "orders", "-n", "max_prepared_transactions", "-v", "8")
                try product.json("restart", "-n", "orders")
                try source.connect().execute(LedgerWorkload.schema)
                let workload = LedgerWorkload(source, seed: random.seed)
                try workload.run(from: 0, steps: 40)
                try workload.run(from: 40, steps: 40) { () throws(Problem) in
                    try product.json("backup", "create", "-s", "orders", "-n", "middle")
                }
                try workload.run(from: 80, steps: 30)
                // A commit that came after the oracle had read would be news to it.
                try product.endAutovacuum(on: source)
                let examination = try LedgerExamination(product, source)
                try examination.planEverywhere(50, &random)
                for target in examination.targets(&random) { try examination.restore(target) }
            }
        }
    }
}
