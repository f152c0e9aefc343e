public import ControlPlane

/// What `pitr explain -o json` prints: the plan, and the story of carrying it out.
public struct RestoreExplanationDocument: Codable, Sendable {
    public struct File: Codable, Sendable {
        public var content: String
        public var path: String
        public var purpose: String
    }

    public struct Step: Codable, Sendable {
        public var files: [File]
        /// Whole sentences, a paragraph each.
        public var text: [String]
        public var title: String
    }

    public var plan: RestorePlanDocument
    public var steps: [Step]

    public init(_ explanation: RestoreExplanation) {
        plan = RestorePlanDocument(explanation.planned)
        steps = explanation.steps.map { step in
            Step(
                files: step.files.map { File(content: $0.content, path: $0.path, purpose: $0.purpose) },
                text: step.text, title: step.title)
        }
    }
}
