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
                sentences.map { AzureCommands.translate($0).visible() } ?? "The operation did not succeed."
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

    /// Message, detail and hint as sentences in a row; commands in it are az's where az has the same.
    var wireMessage: String { AzureCommands.translate(sentences) }
}

/// The commands of `pitr` that az has as well, so that advice given to one face fits the other.
enum AzureCommands {
    private static let servers: Set<Substring> = [
        "create", "show", "list", "update", "delete", "start", "stop", "restart", "restore",
        "revive-dropped", "geo-restore", "backup", "firewall-rule", "parameter", "db", "list-skus",
    ]
    /// Options that only `pitr` has: with them, the command stays as it is.
    private static let own: Set<Substring> = ["--deleted", "--all", "--purge"]

    /// Replaces every `'pitr …'` that has a counterpart.
    static func translate(_ text: String) -> String {
        text.replacing(/'pitr (?<command>[^']+)'/) { match in
            let words = match.output.command.split(separator: " ")
            guard let verb = words.first, own.isDisjoint(with: words) else { return String(match.output.0) }
            switch verb {
            case "group": return "'az \(match.output.command)'"
            case "activity-log": return "'az monitor \(match.output.command)'"
            default:
                return servers.contains(verb)
                    ? "'az postgres flexible-server \(match.output.command)'" : String(match.output.0)
            }
        }
    }
}
