import Platform
import Testing

struct LibraryVersionTests {
    @Test func `the C library's version is what the system says`() throws {
        let said = try SystemCommands().run(Command("getconf", ["GNU_LIBC_VERSION"], timeoutSeconds: 10))
        let version = try #require(LibraryVersion.libc)
        #expect(said.standardOutput == "glibc \(version)\n")
    }
}
