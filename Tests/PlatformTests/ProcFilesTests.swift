import Platform
import Testing

@Suite struct ProcFilesTests {
    @Test func `reads files of the kernel, which have content and no size`() throws {
        #expect(try DurableFiles.readIfPresent("/proc/self/stat")?.isEmpty == false)
        #expect(try !DurableFiles.read("/proc/self/cmdline").isEmpty)
    }

    @Test func `an empty file has no content`() throws {
        #expect(try DurableFiles.read("/dev/null").isEmpty)
    }
}
