import Planning
import ServiceModel

/// A restore told step by step, for a person.
enum ExplanationView {
    static func text(_ explanation: RestoreExplanation) -> PersonText {
        var text = PersonText()
        let planned = explanation.planned
        text.heading(
            "How \(planned.source.name) would be restored: \(planned.plan.target.words)")
        for note in planned.notes { text.field("Note", note) }
        add(explanation.steps, to: &text)
        return text
    }

    static func text(_ made: MadeRestoreExplanation) -> PersonText {
        var text = PersonText()
        text.heading("How \(made.kept.sourceName) was restored as \(made.kept.copyName)")
        add(made.steps, to: &text)
        return text
    }

    private static func add(_ steps: [RestoreExplanation.Step], to text: inout PersonText) {
        for (number, step) in steps.enumerated() {
            text.heading("\(number + 1). \(step.title)")
            for paragraph in step.text { text.item(paragraph) }
            for file in step.files {
                text.item("\(file.path)\n\(file.purpose)")
                let lines = file.content.split(separator: "\n", omittingEmptySubsequences: false)
                if file.content.isEmpty { text.command("    (empty)") }
                for line in lines.last == "" ? lines.dropLast() : lines[...] { text.command("    " + line) }
            }
            guard !step.messages.isEmpty else { continue }
            text.item("PostgreSQL logged:")
            for line in shortened(step.messages) { text.command("    " + line) }
        }
    }

    /// A recovery may log thousands of lines about files that it asked for.
    private static func shortened(_ lines: [String]) -> [String] {
        let most = 24
        guard lines.count > most else { return lines }
        let half = most / 2
        return lines.prefix(half) + ["… \(lines.count - most) more lines; 'pitr evidence show' has them all"]
            + lines.suffix(half)
    }
}
