import Notation

/// *Explain*: a restore as PostgreSQL would live it, as a picture and in words.
public struct ExplainPage: Page {
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
        public var text: [String]
        public var files: [File]
        /// Of a restore that was made: what PostgreSQL logged meanwhile.
        public var messages: [String]

        public init(_ title: String, _ text: [String], files: [File] = [], messages: [String] = []) {
            self.title = title
            self.text = text
            self.files = files
            self.messages = messages
        }
    }

    /// The stretch of WAL that is replayed, in bytes from where replay begins.
    public struct Stretch: Sendable {
        /// Where the files are one consistent state.
        public var consistent: UInt64 = 0
        /// Where replay ends.
        public var end: UInt64 = 1
        /// Where segments begin.
        public var borders: [UInt64] = []

        public init() {}

        /// In thousandths of a percent of nine tenths of the width: behind them is what is left out.
        func place(_ bytes: UInt64) -> Int64 {
            Int64(Double(min(bytes, end)) / Double(max(end, 1)) * 90_000)
        }
    }

    public var frame = Frame()
    public var group = ""
    public var name = ""
    /// The way in a few words, from the backup to the new timeline.
    public var stations: [Fact] = []
    public var stretch = Stretch()
    public var steps: [Step] = []
    /// The handle as a query has it, for the ways back and on.
    public var fields: [(String, String)] = []
    public var mayRestore = false
    /// Whether it was made: this is the copy's page then, and nothing is left to be chosen.
    public var isMade = false
    public var records = RecordList()

    public init() {}

    static let glossary = [
        Fact("LSN", "A position in the WAL, counted in bytes: of two, the larger is the later one."),
        Fact("Segment", "A file of WAL, usually of 16 MiB. Its name is the timeline and its number."),
        Fact("Redo point", "Where replay has to begin so that nothing is missed: a checkpoint's beginning."),
        Fact(
            "Consistency",
            "A backup's files are copied one after another. Only when the WAL written meanwhile is replayed "
                + "do they fit together."),
        Fact(
            "Cut", "The place at which replay stops: what committed before it is there, what follows is not."),
        Fact(
            "Timeline",
            "The WAL goes on under another number after a restore, so that it is never taken for what the "
                + "source wrote."),
    ]

    private func link(_ part: Place.ServerPlace) -> String {
        Place.server(group: group, name: name, part).path + "?"
            + fields.map { "\($0.0)=\(PercentCoding.encode($0.1))" }.joined(separator: "&")
    }

    public var content: HTML {
        tag("section", ["class": "card"]) {
            tag("h2", [:], "From the backup to the cut")
            picture
            Parts.facts(stations)
            tag("p", ["class": "buttons go"]) {
                if mayRestore, !isMade {
                    tag("a", ["class": "button primary", "href": link(.restore)], "Restore to here")
                }
                if !isMade {
                    tag("a", ["class": "button", "href": link(.timeline)], "Back to the timeline")
                }
            }
        }
        tag("ol", ["class": "story"]) {
            for step in steps {
                tag("li", ["class": "card"]) {
                    tag("h2", [:], step.title)
                    for sentence in step.text { tag("p", [:], sentence) }
                    for file in step.files { shown(file) }
                    if !step.messages.isEmpty {
                        tag("details", ["class": "sure"]) {
                            tag("summary", [:], "What PostgreSQL logged")
                            tag("pre", ["tabindex": "0"], step.messages.joined(separator: "\n"))
                        }
                    }
                }
            }
        }
        records.html(link(.explain))
        Parts.card("Words") { Parts.facts(Self.glossary) }
    }

    private func shown(_ file: File) -> HTML {
        tag("details", ["class": "sure"]) {
            tag("summary", [:], file.path.split(separator: "/").last.map(String.init) ?? file.path)
            tag("p", ["class": "hint"], file.purpose)
            tag("p", ["class": "hint exact"], file.path)
            tag("pre", ["tabindex": "0"], file.content)
        }
    }

    private var picture: HTML {
        let (consistent, end) = (stretch.place(stretch.consistent), stretch.place(stretch.end))
        return tag("figure", ["class": "replay"]) {
            tag(
                "svg",
                [
                    "width": "100%", "height": "40", "role": "img",
                    "aria-label":
                        "The WAL that is replayed: first the part that makes the backup consistent, then the "
                        + "rest up to the cut.",
                ]
            ) {
                for (style, from, to) in [
                    ("repair", 0, consistent), ("goes", consistent, end), ("left", end, 100_000),
                ] {
                    tag(
                        "rect",
                        [
                            "class": style, "x": Span.percent(from), "width": Span.percent(to - from),
                            "y": "10",
                            "height": "20",
                        ], "")
                }
                for border in stretch.borders.prefix(400) {
                    let place = Span.percent(stretch.place(border))
                    tag("line", ["x1": place, "x2": place, "y1": "10", "y2": "30"], "")
                }
                tag(
                    "line", ["class": "end", "x1": Span.percent(end), "x2": Span.percent(end), "y2": "40"], ""
                )
            }
            tag("ul", ["class": "legend"]) {
                for (style, words) in [
                    ("repair", "makes the backup consistent"), ("goes", "brings it to the cut"),
                    ("left", "left out"),
                ] {
                    tag("li") {
                        tag("svg", ["width": "14", "height": "14", "aria-hidden": "true"]) {
                            tag("rect", ["class": style, "width": "14", "height": "14", "rx": "2"], "")
                        }
                        words
                    }
                }
            }
        }
    }
}
