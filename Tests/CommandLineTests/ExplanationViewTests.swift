import ServiceModel
import Testing

@testable import pitr

struct ExplanationViewTests {
    @Test func `an explanation is numbered, and shows files as they are`() {
        let step = RestoreExplanation.Step(
            title: "The WAL is laid beside it", text: ["One segment holds it.", "Its name is its number."],
            files: [
                RestoreExplanation.File(
                    path: "/copy/backup_label", content: "A: 1\n\nB: 2\n", purpose: "Where to begin."),
                RestoreExplanation.File(path: "/copy/recovery.signal", content: "", purpose: "Recover."),
            ])
        let explanation = RestoreExplanation(planned: .sample, steps: [step, step])
        let lines = ExplanationView.text(explanation).render(width: 100).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "How orders would be restored: 2026-03-31T22:02:13.876954Z")
        #expect(
            lines.suffix(13).map { String($0) } == [
                "", "2. The WAL is laid beside it", "  - One segment holds it.",
                "  - Its name is its number.",
                "  - /copy/backup_label", "    Where to begin.", "      A: 1", "      ", "      B: 2",
                "  - /copy/recovery.signal", "    Recover.", "      (empty)", "",
            ])
    }
}
