/// A name and its value, as a line of essentials, of a plan, of evidence.
public struct Fact: Sendable, Hashable {
    public var name: String
    public var value: String
    /// Where the value leads.
    public var place: Place?
    /// Numbers, positions and times are easier to compare in one width.
    public var isExact = false

    public init(_ name: String, _ value: String, place: Place? = nil, isExact: Bool = false) {
        self.name = name
        self.value = value
        self.place = place
        self.isExact = isExact
    }
}

/// One of several values that can be chosen.
public struct Choice: Sendable, Hashable {
    public var value: String
    public var words: String
    /// A heading that it stands under.
    public var group: String

    public init(_ value: String, _ words: String? = nil, group: String = "") {
        self.value = value
        self.words = words ?? value
        self.group = group
    }
}

/// What recurs on the pages.
enum Parts {
    static func facts(_ facts: [Fact], style: String = "facts") -> HTML {
        tag("dl", ["class": style]) {
            for fact in facts {
                tag("div") {
                    tag("dt", [:], fact.name)
                    tag("dd", ["class": fact.isExact ? "exact" : nil]) {
                        if let place = fact.place {
                            tag("a", ["href": place.path], fact.value)
                        } else {
                            fact.value.isEmpty ? "–" : fact.value
                        }
                    }
                }
            }
        }
    }

    static func card(_ title: String, @Markup _ content: () -> HTML) -> HTML {
        tag("section", ["class": "card"]) {
            tag("h2", [:], title)
            content()
        }
    }

    /// Rows under the names of their columns, and under a name by which a screen reader lists them.
    ///
    /// - Parameters:
    ///   - columns: empty for the one that has buttons.
    ///   - isFocusable: whether the keyboard can scroll it sideways where nothing in it takes the focus.
    static func table(
        _ name: String, _ columns: [String], style: String = "list", isFocusable: Bool = false,
        @Markup _ rows: () -> HTML
    ) -> HTML {
        tag(
            "div",
            [
                "class": "wide", "tabindex": isFocusable ? "0" : nil, "role": isFocusable ? "group" : nil,
                "aria-label": isFocusable ? "\(name), to be scrolled" : nil,
            ]
        ) {
            tag("table", ["class": style, "aria-label": name]) {
                tag("thead") {
                    tag("tr") {
                        for column in columns {
                            tag("th", ["scope": "col"]) {
                                if column.isEmpty { unseen("Actions") } else { column }
                            }
                        }
                    }
                }
                tag("tbody", [:], rows)
            }
        }
    }

    /// What is read out and not shown.
    static func unseen(_ words: String) -> HTML { tag("span", ["class": "unseen"], words) }

    /// A field with its label, and what is wrong with it or worth knowing of it.
    static func field(
        _ label: String, _ name: String, hint: String = "", isRequired: Bool = false,
        @Markup _ control: () -> HTML
    ) -> HTML {
        tag("div", ["class": "field"]) {
            tag("label", ["for": name]) {
                label
                if isRequired { tag("span", ["class": "required", "aria-hidden": "true"], " *") }
            }
            tag("div", ["class": "control"]) {
                control()
                if !hint.isEmpty { tag("p", ["class": "hint", "id": name + "-hint"], hint) }
            }
        }
    }

    static func input(
        _ label: String, _ name: String, _ value: String, kind: String = "text", hint: String = "",
        isRequired: Bool = false, more: Attributes = [:]
    ) -> HTML {
        let rest = more.map { " \($0.key)=\"\(HTML.escaped($0.value ?? ""))\"" }.joined()
        let own = void(
            "input",
            [
                "type": kind, "id": name, "name": name, "value": value, "required": isRequired ? "" : nil,
                "aria-describedby": hint.isEmpty ? nil : name + "-hint",
                "autocomplete": kind == "password" ? "new-password" : "off", "spellcheck": "false",
            ])
        return field(label, name, hint: hint, isRequired: isRequired) {
            HTML(markup: String(own.text.dropLast()) + rest + ">")
        }
    }

    static func select(
        _ label: String, _ name: String, _ value: String, _ choices: [Choice], hint: String = ""
    ) -> HTML {
        var groups: [String] = []
        for choice in choices where !groups.contains(choice.group) { groups.append(choice.group) }
        func options(_ group: String) -> HTML {
            HTML(
                markup: choices.filter { $0.group == group }.map { choice in
                    tag(
                        "option",
                        ["value": choice.value, "selected": choice.value == value ? "" : nil], choice.words
                    ).text
                }.joined())
        }
        return field(label, name, hint: hint) {
            tag(
                "select",
                ["id": name, "name": name, "aria-describedby": hint.isEmpty ? nil : name + "-hint"]
            ) {
                for group in groups {
                    if group.isEmpty {
                        options(group)
                    } else {
                        tag("optgroup", ["label": group]) { options(group) }
                    }
                }
            }
        }
    }

    /// A value that Azure shows in the form and that cannot be changed there.
    static func fixed(_ label: String, _ value: String, hint: String = "") -> HTML {
        tag("div", ["class": "field"]) {
            tag("span", ["class": "label"], label)
            tag("div", ["class": "control"]) {
                tag("p", ["class": "fixed"], value)
                if !hint.isEmpty { tag("p", ["class": "hint"], hint) }
            }
        }
    }

    static func hidden(_ fields: [(name: String, value: String)]) -> HTML {
        HTML(
            markup: fields.map {
                void("input", ["type": "hidden", "name": $0.name, "value": $0.value]).text
            }.joined())
    }

    /// The tabs of a wizard, as where one is, and not as something to press: forms go on by buttons.
    static func steps(_ words: [String], at current: Int) -> HTML {
        tag("ol", ["class": "steps"]) {
            for (index, word) in words.enumerated() {
                tag("li", ["aria-current": index == current ? "step" : nil], word)
            }
        }
    }

    /// Where replay ends: what is inside, and what is not.
    static func cut(_ lastInside: String, _ firstOutside: String, _ did: [String]) -> HTML {
        tag("div", ["class": "cut"]) {
            tag("div", ["class": "inside"]) {
                tag("h3", [:], "Last inside")
                tag("p", ["class": "exact"], lastInside)
            }
            tag("div", ["class": "edge", "aria-hidden": "true"], "✂")
            tag("div", ["class": "outside"]) {
                tag("h3", [:], "First left out")
                tag("p", ["class": "exact"], firstOutside)
                for deed in did { tag("p", [:], deed) }
            }
        }
    }

    /// A server's state as a word with a colour; the word alone says it, too.
    static func state(_ state: String) -> HTML {
        let kind =
            switch state {
            case "Ready", "Succeeded", "Passed": "good"
            case "Inaccessible", "Failed", "Canceled": "bad"
            case "Stopped", "Dropped", "Deleted", "Not here", "Abandoned", "Not run": "still"
            default: "moving"
            }
        return tag("span", ["class": "state \(kind)"], state)
    }
}
