/// One server parameter, as Azure shows a “configuration”.
public struct ParameterItem: Sendable, Hashable {
    public enum DataType: String, Sendable {
        case boolean = "Boolean"
        case integer = "Integer"
        case numeric = "Numeric"
        case enumeration = "Enumeration"
        case string = "String"
        case set = "Set"
    }

    public static let systemDefault = "system-default"
    public static let userOverride = "user-override"

    public let name: String
    /// What is set: numbers count in `unit`.
    public let value: String
    /// What it goes back to when the user's value is taken away.
    public let defaultValue: String
    public let dataType: DataType
    /// `min-max`, or the choices between commas, or a regular expression.
    public let allowedValues: String
    /// `system-default` or `user-override`.
    public let source: String
    /// Takes effect without a restart.
    public let isDynamicConfig: Bool
    public let isReadOnly: Bool
    /// The running server still has another value, until it is restarted.
    public let isConfigPendingRestart: Bool
    /// PostgreSQL's unit, for example `8kB`, `ms`; nil for plain values.
    public let unit: String?
    public let description: String

    /// The lowest and highest number.
    let range: ClosedRange<Double>?
    let choices: [String]
    /// A session may try out a value before it is set for the server.
    let isSessionSetting: Bool

    /// The value as the server takes it: numbers in `unit`, choices in PostgreSQL's own spelling.
    ///
    /// `text` may have a unit (`128MB`) and other spellings of on and off; nil when it is not allowed.
    func canonical(_ text: String) -> String? {
        guard !text.utf8.contains(0) else { return nil }
        switch dataType {
        case .boolean:
            switch text.lowercased() {
            case "on", "true", "yes", "1": return "on"
            case "off", "false", "no", "0": return "off"
            default: return nil
            }
        case .integer, .numeric:
            guard var amount = ParameterUnit.amount(text, in: unit) else { return nil }
            if dataType == .integer { amount.round(.toNearestOrEven) }
            if let range, !range.contains(amount) { return nil }
            return ParameterUnit.text(amount)
        case .enumeration:
            return choices.first { $0.lowercased() == text.lowercased() }
        case .set:
            let words = text.split(separator: ",").map { word in
                String(word.drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
            }
            return words.allSatisfy(choices.contains) ? words.joined(separator: ",") : nil
        case .string:
            return text
        }
    }
}
