import ArgumentParser

/// az's yes and no.
enum Switch: String, CaseIterable, ExpressibleByArgument, Sendable {
    case enabled = "Enabled"
    case disabled = "Disabled"

    /// Letter case does not matter, as in az.
    init?(argument: String) {
        guard let found = Self.allCases.first(where: { $0.rawValue.lowercased() == argument.lowercased() })
        else {
            return nil
        }
        self = found
    }

    var isOn: Bool { self == .enabled }
}
