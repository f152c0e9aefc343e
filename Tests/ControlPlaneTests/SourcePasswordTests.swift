import Testing

@testable import ControlPlane

@Suite struct SourcePasswordTests {
    @Test func `each password of an attached server has a file of its own`() {
        let paths = HomePaths(home: "/home")
        #expect(paths.sourcePassword("s", nil) == "/home/servers/s/source-password")
        #expect(paths.sourcePassword("s", 2) == "/home/servers/s/source-password-2")
    }
}
