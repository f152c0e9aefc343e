/// Who was restored from whom: a server, and the copies that were made of it.
public struct FamilyMember: Sendable {
    public var name: String
    public var group: String
    /// Nil where there is no page of it: it was deleted, or is not here.
    public var place: Place?
    /// `Ready`, `Deleted`.
    public var state: String
    /// How it came about and what becomes of it, a line each.
    public var remarks: [String]
    public var copies: [FamilyMember] = []

    public init(_ name: String, group: String, place: Place?, state: String, remarks: [String]) {
        self.name = name
        self.group = group
        self.place = place
        self.state = state
        self.remarks = remarks
    }

    /// Nested lists: a screen reader tells how deep one is, and how many there are.
    static func tree(_ members: [FamilyMember]) -> HTML {
        tag("ul", ["class": "tree"]) { for member in members { member.html } }
    }

    private var html: HTML {
        tag("li") {
            if let place {
                tag("a", ["href": place.path], name)
            } else {
                tag("strong", [:], name)
            }
            " "
            Parts.state(state)
            tag("span", ["class": "sub"], group)
            for remark in remarks { tag("span", ["class": "sub"], remark) }
            if !copies.isEmpty { Self.tree(copies) }
        }
    }
}
