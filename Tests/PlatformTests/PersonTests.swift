import Testing

@testable import Platform

struct PersonTests {
    @Test(
        arguments: [
            // Whoever opened the session, also behind su and sudo.
            ("0\n", 0, "1000", "root (uid 0)"), ("0", 65534, nil, "root (uid 0)"),
            // No session: root's word for sudo counts, nobody else's does.
            ("4294967295", 0, "0", "root (uid 0, as sudo says)"), ("4294967295", 0, nil, "root (uid 0)"),
            (nil, 0, "4000000000", "uid 4000000000, as sudo says"),
            ("4294967295", 4_000_000_000, "0", "uid 4000000000"), ("", 0, "x", "root (uid 0)"),
        ] as [(String?, UInt32, String?, String)])
    func `names the person behind a process`(login: String?, real: UInt32, sudo: String?, words: String) {
        #expect(Person.find(loginUID: login, realUID: real, sudoUID: sudo).words == words)
    }
}
