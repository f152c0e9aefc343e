import Platform
import Testing

@Suite struct StateHomeTests {
    @Test(arguments: [
        (["PITR_HOME": "/srv/pitr/"], true, "/srv/pitr"),
        (["PITR_HOME": "/srv/./a//b"], false, "/srv/a/b"),
        (["PITR_HOME": "", "HOME": "/home/u"], true, "/var/lib/pitr"),
        (["HOME": "/home/u"], false, "/home/u/.local/state/pitr"),
        (["HOME": "/home/u", "XDG_STATE_HOME": "/x"], false, "/x/pitr"),
        (["HOME": "/home/u", "XDG_STATE_HOME": "relative"], false, "/home/u/.local/state/pitr"),
    ])
    func `finds the standard place`(environment: [String: String], isRoot: Bool, expected: String) throws {
        #expect(try StateHome.standard(environment: environment, isRoot: isRoot) == expected)
    }

    @Test func `needs to be told where there is no home`() {
        let failure = #expect(throws: Problem.self) {
            try StateHome.standard(environment: [:], isRoot: false)
        }
        #expect(failure?.code == .usage)
    }

    @Test(arguments: [
        "relative", "", "/", "/a'b", "/a\"b", "/a%b", "/a\\b", "/a\nb", "/a/../b", "/a\u{7F}",
    ])
    func `refuses a path that an archive command cannot carry`(path: String) {
        let failure = #expect(throws: Problem.self) { try StateHome.validated(path) }
        #expect(failure?.code == .usage)
    }

    @Test func `accepts blanks and letters of any language`() throws {
        #expect(try StateHome.validated("/srv/meine Bücher") == "/srv/meine Bücher")
    }
}
