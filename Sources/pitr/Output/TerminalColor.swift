/// The few colours of the coloured formats.
enum TerminalColor: String {
    case name = "34"
    case string = "33"
    case number = "36"
    case word = "35"

    func paint(_ text: String) -> String {
        "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
    }
}
