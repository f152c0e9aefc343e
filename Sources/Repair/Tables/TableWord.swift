public import Platform

/// A table as a person names it: `shop.orders` or `orders`.
public struct TableWord: Hashable, Sendable {
    /// As it was typed.
    public let text: String
    private let schema: String?
    private let name: String

    /// - Throws: `.usage` for what is no name.
    public init(_ text: String) throws(Problem) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), !parts.contains("") else {
            throw Problem(.usage, "'\(text)' is no table", hint: "Say it like 'orders' or 'public.orders'.")
        }
        self.text = text
        schema = parts.count == 2 ? parts[0] : nil
        name = parts[parts.count - 1]
    }

    public func matches(_ table: QualifiedName) -> Bool {
        table.name == name && (schema == nil || table.schema == schema)
    }
}
