import Testing

@testable import Holdings

@Suite struct SourceAnswerTests {
    @Test func `a standby or another cluster is not taken for the source`() {
        let source = SourceAnswer(systemIdentifier: 7, isStandby: false, expected: 7)
        #expect(source == .source)
        #expect(source.remark == nil)
        let standby = SourceAnswer(systemIdentifier: 7, isStandby: true, expected: 7)
        #expect(standby == .standby)
        #expect(standby.remark?.contains("standby") == true)
        let other = SourceAnswer(systemIdentifier: 8, isStandby: true, expected: 7)
        #expect(other == .other(8))
        #expect(other.remark?.contains("identifier 8") == true)
    }
}
