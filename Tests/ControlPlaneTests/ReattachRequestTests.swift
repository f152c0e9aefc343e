import ServiceModel
import Testing

@Suite struct ReattachRequestTests {
    @Test func `a rate or a limit alone is changed without asking the source`() {
        var request = ReattachRequest()
        // It may have bounded its slots by now.
        #expect(request.asksSource)
        request.maxRate = 0
        #expect(!request.asksSource)
        request.walLimit = 20 << 30
        #expect(!request.asksSource)
    }

    @Test func `the source is asked whatever else is changed`() {
        var request = ReattachRequest()
        request.walLimit = 20 << 30
        var others = [ReattachRequest](repeating: request, count: 5)
        others[0].addresses = [SourceAddress(host: "db", port: 5432)]
        others[1].user = "backup"
        others[2].password = "secret"
        others[3].security = .require
        others[4].rootCertificate = "/etc/ca.crt"
        for other in others { #expect(other.asksSource) }
    }
}
