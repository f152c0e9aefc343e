import Testing

@testable import Server

/// By which names the server answers: those and the addresses of this machine, and no others.
@Suite struct HostRuleTests {
    private static let here = [
        "localhost", "LOCALHOST:8443", "localhost.:8443", "127.0.0.1:8443", "127.8.9.10", "[::1]:8443",
        "box.example:8443", "box", "other:1", "db.internal:8443",
    ]
    private static let elsewhere = [
        "evil.example", "evil.example:8443", "localhost.evil.example", "127.0.0.1.evil.example", "elsewhere",
        "a_b.example:8443", "localhost@evil.example", "", "127.0.0.1x", "[::2]:8443", "192.0.2.7:8443",
    ]
    private static let hosts = Array(
        "127.0.0.1 localhost # evil.example\n10.1.2.3 box.example box other\n10.9.9.9 elsewhere\n".utf8)

    private func rule(isOpenToOthers: Bool = false) -> HostRule {
        HostRule(
            known: ["127.0.0.1", "DB.internal"], host: "box.example", hostsFile: Self.hosts,
            isOpenToOthers: isOpenToOthers)
    }

    @Test(arguments: here) func `answers to a name of this machine`(name: String) throws {
        try rule().check(name, local: "127.0.0.1")
    }

    @Test(arguments: elsewhere) func `refuses any other name`(name: String) {
        let refusal = #expect(throws: (any Error).self) { try rule().check(name, local: "127.0.0.1") }
        #expect("\(String(describing: refusal))".contains("MisdirectedRequest"))
    }

    @Test func `answers to the address that was connected to, and behind a published port to any address`()
        throws
    {
        try rule().check("192.0.2.7:8443", local: "192.0.2.7")
        try rule(isOpenToOthers: true).check("192.0.2.7:8443", local: "172.17.0.2")
        try rule(isOpenToOthers: true).check("[2001:db8::1]:8443", local: "172.17.0.2")
        #expect(throws: (any Error).self) {
            try rule(isOpenToOthers: true).check("evil.example:8443", local: "172.17.0.2")
        }
    }

    @Test func `answers where the caller says nothing`() throws {
        try rule().check(nil, local: "127.0.0.1")
    }

    @Test func `a misled browser gets neither token nor answer`() throws {
        let server = try APIUnderTest()
        for path in ["/health", "/metadata/endpoints", "/adfs/oauth2/devicecode", "/subscriptions"] {
            let refused = server.send("GET", path, authority: "evil.example:8443")
            #expect(refused.status == 421 && refused.errorCode == "MisdirectedRequest", "\(path)")
        }
        #expect(server.send("GET", "/health", authority: "localhost:8443").status == 200)
    }
}
