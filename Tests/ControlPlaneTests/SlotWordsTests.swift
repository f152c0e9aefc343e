import Testing

@testable import ControlPlane

@Suite struct SlotWordsTests {
    @Test func `a slot that stays on a source is told with the statement that drops it`() {
        let statement = "SELECT pg_drop_replication_slot('pitr_prod')"
        #expect(ControlPlane.slotStays(statement).hasSuffix(": " + statement))
    }
}
