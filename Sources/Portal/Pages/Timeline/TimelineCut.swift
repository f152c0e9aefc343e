import Notation

/// What a restore to the handle would give: the plan's cut. A piece of the timeline, also sent by itself.
public struct TimelineCut: Sendable {
    public var group = ""
    public var name = ""
    /// Where the handle is; nil where nothing is chosen yet.
    public var moment: Moment?
    /// The record that is left out, where an event is chosen and not a time.
    public var before = ""
    /// As it stands in the text box.
    public var typed = ""
    public var isInUTC = true
    /// Why there is no plan, and the same for what the words may have meant.
    public var problem: Frame.Notice?
    public var readings: [Moment] = []
    /// Nil without a plan.
    public var lastInside: String?
    public var firstOutside = ""
    public var firstOutsideDid: [String] = []
    public var facts: [Fact] = []
    public var notes: [String] = []
    public var command = ""
    public var mayRestore = false

    public init() {}

    /// The text box and its zone, by which is told whether somebody typed another moment.
    var shown: String { Self.shown(typed, isInUTC: isInUTC) }

    public static func shown(_ typed: String, isInUTC: Bool) -> String {
        typed + (isInUTC ? " UTC" : " local")
    }

    /// The handle as a query has it.
    var fields: [(String, String)] {
        var fields: [(String, String)] = []
        if let moment { fields.append(("at", String(moment.microseconds))) }
        if !before.isEmpty { fields.append(("before", before)) }
        return fields
    }

    private func path(_ part: Place.ServerPlace, _ fields: [(String, String)]) -> String {
        Place.server(group: group, name: name, part).path + "?"
            + fields.map { "\($0.0)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
    }

    /// The piece as a document of its own, for the script.
    public var document: String { "<!DOCTYPE html>\n" + html.text }

    var html: HTML {
        tag("div", ["id": "cut-result", "data-said": said]) {
            if let problem {
                tag("div", ["class": "notice \(problem.kind.rawValue)"]) {
                    tag("strong", [:], problem.title)
                    for line in problem.lines { tag("p", [:], line) }
                    if !readings.isEmpty {
                        tag("p", ["class": "buttons"]) {
                            for reading in readings {
                                let there = path(.timeline, [("at", String(reading.microseconds))])
                                tag(
                                    "a", ["class": "button", "href": there + "#cut"],
                                    reading.here.isEmpty ? reading.utc : reading.here)
                            }
                        }
                    }
                }
            } else if let lastInside {
                plan(lastInside)
            } else {
                tag("p", ["class": "none"]) {
                    "Take a moment: type it, or choose an event."
                    tag(
                        "span", ["class": "if-script"],
                        " Or drag the handle; the arrow keys move it by seconds.")
                }
            }
        }
    }

    /// The answer in a sentence: what is read out when the handle rests.
    private var said: String {
        if let problem { return ([problem.title] + problem.lines).joined(separator: ". ") }
        guard let lastInside else { return "" }
        let did = firstOutsideDid.isEmpty ? "" : ": " + firstOutsideDid.joined(separator: ", ")
        return "Last inside: \(lastInside). First left out: \(firstOutside)\(did)."
    }

    @Markup private func plan(_ lastInside: String) -> HTML {
        Parts.cut(lastInside, firstOutside, firstOutsideDid)
        Parts.facts(facts)
        for note in notes { tag("p", ["class": "hint"], note) }
        tag("p", ["class": "buttons go"]) {
            if mayRestore {
                tag("a", ["class": "button primary", "href": path(.restore, fields)], "Restore to here")
            }
            tag("a", ["class": "button", "href": path(.explain, fields)], "Explain")
            if mayRestore { tag("span", ["class": "hint"], "A new server; this one is not touched.") }
        }
        tag("pre", ["tabindex": "0", "data-copy": ""]) { tag("code", [:], command) }
    }
}
