public import ServiceModel

/// What `pitr explain -o json` prints: the plan, and the story of carrying it out.
public struct RestoreExplanationDocument: Codable, Sendable {
    public struct File: Codable, Sendable {
        public var content: String
        public var path: String
        public var purpose: String
    }

    public struct Step: Codable, Sendable {
        public var files: [File]
        /// Of a restore that was made: the lines that PostgreSQL logged meanwhile.
        public var messages: [String]
        /// Whole sentences, a paragraph each.
        public var text: [String]
        public var title: String
    }

    public var plan: RestorePlanDocument
    public var steps: [Step]

    public init(_ explanation: RestoreExplanation) {
        plan = RestorePlanDocument(explanation.planned)
        steps = explanation.steps.map(Step.init)
    }
}

/// A restore that was made, told from its evidence.
public struct MadeRestoreExplanationDocument: Codable, Sendable {
    public var restore: KeptEvidenceDocument
    public var steps: [RestoreExplanationDocument.Step]

    public init(_ made: MadeRestoreExplanation) {
        restore = KeptEvidenceDocument(made.kept)
        steps = made.steps.map(RestoreExplanationDocument.Step.init)
    }
}

extension RestoreExplanationDocument.Step {
    init(_ step: RestoreExplanation.Step) {
        files = step.files.map {
            RestoreExplanationDocument.File(content: $0.content, path: $0.path, purpose: $0.purpose)
        }
        messages = step.messages
        text = step.text
        title = step.title
    }
}
