import ControlPlane
import Planning

/// A restore told step by step, for a person.
enum ExplanationView {
    static func text(_ explanation: RestoreExplanation) -> PersonText {
        var text = PersonText()
        let planned = explanation.planned
        text.heading(
            "How \(planned.source.name) would be restored: \(planned.plan.target.words)")
        for note in planned.notes { text.field("Note", note) }
        for (number, step) in explanation.steps.enumerated() {
            text.heading("\(number + 1). \(step.title)")
            for paragraph in step.text { text.item(paragraph) }
            for file in step.files {
                text.item("\(file.path)\n\(file.purpose)")
                let lines = file.content.split(separator: "\n", omittingEmptySubsequences: false)
                if file.content.isEmpty { text.command("    (empty)") }
                for line in lines.last == "" ? lines.dropLast() : lines[...] { text.command("    " + line) }
            }
        }
        return text
    }
}
