import Platform
import TestKit
import Testing

/// docs/reference.md and the man pages are what the commands themselves say.
struct ReferenceTests {
    private static let script =
        DurableFiles.parent(of: DurableFiles.parent(of: DurableFiles.parent(of: #filePath)))
        + "/Scripts/reference"

    @Test(.timeLimit(.minutes(1)))
    func `the reference is what the commands say`() throws {
        let run = try SystemCommands().run(
            Command("python3", [Self.script, try ProductUnderTest.locate(), "--check"]))
        #expect(run.exitStatus == 0, "\(run.standardError)")
    }

    @Test(.timeLimit(.minutes(1)))
    func `every command has a man page with its options`() throws {
        let folder = try ScratchDirectory("man")
        _ = try SystemCommands().runChecked(
            Command("python3", [Self.script, try ProductUnderTest.locate(), "--man", folder.path]))
        let pages = try DurableFiles.list(folder.path)
        #expect(pages.count > 50 && pages.contains("pitr.1") && pages.contains("pitr-backup-verify.1"))
        let text = String(
            decoding: try DurableFiles.read(folder.path + "/pitr-restore.1"), as: UTF8.self)
        #expect(text.contains(".TH PITR\\-RESTORE 1") && text.contains(#"\-\-restore\-time TIME"#))
    }
}
