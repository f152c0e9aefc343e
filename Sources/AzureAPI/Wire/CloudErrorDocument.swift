public import Platform

/// What Azure Resource Manager answers when it refuses: `{"error":{"code","message","target","details"}}`.
public struct CloudErrorDocument: Codable, Sendable, Hashable {
    public struct Body: Codable, Sendable, Hashable {
        public var code: String
        public var message: String
        /// The parameter or field it is about.
        public var target: String?
        public var details: [Body]?

        public init(code: String, message: String, target: String? = nil, details: [Body]? = nil) {
            self.code = code
            // az prints it on a terminal as it is.
            self.message = message.visible(keepsLines: true)
            self.target = target
            self.details = details
        }

        /// An error that was kept as a code and sentences, for example with an operation that failed.
        public init(code: String?, sentences: String?) {
            self.code = code.map { ProblemCode(rawValue: $0)?.wireName ?? $0 } ?? "OperationFailed"
            message =
                sentences.map { WireWords.translate($0).visible() } ?? "The operation did not succeed."
        }
    }

    public var error: Body

    public init(code: String, message: String, target: String? = nil) {
        error = Body(code: code, message: message, target: target)
    }

    /// The reason and the next step in one message, since az prints nothing else.
    public init(_ problem: Problem, target: String? = nil) {
        error = Body(code: problem.wireCode, message: problem.wireMessage, target: target)
    }
}

extension ProblemCode {
    /// The command line's own kind of wrong use is, to Azure, a value that it refuses.
    fileprivate var wireName: String {
        self == .usage ? ProblemCode.invalidParameterValue.rawValue : rawValue
    }
}

extension Problem {
    /// The code on the wire.
    public var wireCode: String { code.wireName }

    /// Message, detail and hint as sentences in a row, in words that fit whoever calls: see `WireWords`.
    var wireMessage: String { WireWords.translate(sentences) }
}
