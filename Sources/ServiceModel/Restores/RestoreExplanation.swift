/// A restore told step by step, as PostgreSQL would live it.
public struct RestoreExplanation: Sendable {
    /// A file that plays a part, with its real content.
    public struct File: Sendable {
        public var path: String
        public var content: String
        public var purpose: String

        public init(path: String, content: String, purpose: String) {
            self.path = path
            self.content = content
            self.purpose = purpose
        }
    }

    public struct Step: Sendable {
        public var title: String
        /// Whole sentences, a paragraph each.
        public var text: [String]
        public var files: [File] = []
        /// Of a restore that was made: what PostgreSQL logged meanwhile.
        public var messages: [String] = []

        public init(title: String, text: [String], files: [File] = [], messages: [String] = []) {
            self.title = title
            self.text = text
            self.files = files
            self.messages = messages
        }
    }

    public var planned: PlannedRestore
    public var steps: [Step]

    public init(planned: PlannedRestore, steps: [Step]) {
        self.planned = planned
        self.steps = steps
    }
}

/// A restore that was made, told step by step from what is kept of it.
public struct MadeRestoreExplanation: Sendable {
    public var kept: KeptEvidence
    public var steps: [RestoreExplanation.Step]

    public init(kept: KeptEvidence, steps: [RestoreExplanation.Step]) {
        self.kept = kept
        self.steps = steps
    }
}
