/// The picture: lanes above each other over one axis of time, and the handle across them.
///
/// Its width is the page's: everything lies in percent, and there is no style in it that a content policy
/// would have to allow.
extension TimelinePage {
    private static let signs: [(kind: String, path: String)] = [
        ("backup", "M0-6 6 0 0 6-6 0Z"), ("drop", "M-6-5H6L0 6Z"),
        ("rows", "M-5 0A5 5 0 1 1 5 0 5 5 0 1 1-5 0Z"), ("definition", "M-4-4H4V4H-4Z"),
        ("point", "M-4 6V-6H5L2-2 5 1H-2V6Z"), ("server", "M-2-6H2V6H-2Z"),
        ("copy", "M-6 0A6 6 0 0 1 6 0Z"),
    ]

    @Markup var chart: HTML {
        tag(
            "div",
            [
                "class": "lanes", "data-timeline": "", "data-from": String(view.from.microseconds),
                "data-to": String(view.to.microseconds), "data-path": path,
                "data-first": window.map { String($0.from.microseconds) },
                "data-last": window.map { String($0.to.microseconds) }, "data-query": filterQuery,
                "data-at": cut.moment.map { String($0.microseconds) },
                "data-before": cut.before.isEmpty ? nil : cut.before, "data-zone": zone,
                "data-offsets": offsets.map { "\($0.from):\($0.seconds)" }.joined(separator: " "),
            ]
        ) {
            definitions
            lane("", "axis", 38, axis)
            lane("Restorable", "bands", 30, bands)
            lane("Commits", "commits", 44, density)
            lane("Events", "deeds", 84, deeds)
            if !copies.isEmpty { lane("Copies", "copies", 22, made) }
            tag("div", ["class": "scrub", "data-scrub": ""]) {
                tag("svg", ["aria-hidden": "true", "height": "100%", "width": "100%"]) {
                    if let handle = cut.moment, view.holds(handle.microseconds) {
                        Self.handle(view.place(handle.microseconds))
                    }
                }
            }
        }
        overview
    }

    private static func handle(_ place: String) -> HTML {
        tag("svg", ["x": place, "class": "handle", "overflow": "visible"]) {
            void("line", ["y1": "0", "y2": "100%"]) + HTML(markup: "</line>")
            tag("path", ["d": "M-7 0H7V9L0 17-7 9Z"], "")
        }
    }

    private var definitions: HTML {
        tag("svg", ["class": "unseen", "width": "0", "height": "0", "aria-hidden": "true"]) {
            tag("defs") {
                for sign in Self.signs { tag("path", ["id": "sign-\(sign.kind)", "d": sign.path], "") }
                tag(
                    "pattern",
                    [
                        "id": "missing", "width": "6", "height": "6", "patternUnits": "userSpaceOnUse",
                        "patternTransform": "rotate(45)",
                    ]
                ) { tag("rect", ["width": "3", "height": "6"], "") }
            }
        }
    }

    private func lane(_ words: String, _ style: String, _ height: Int, _ content: HTML) -> HTML {
        tag("span", ["class": "lane-name \(style)", "aria-hidden": "true"], words)
            + tag(
                "svg",
                ["class": "lane \(style)", "width": "100%", "height": String(height), "aria-hidden": "true"]
            ) { content }
    }

    // MARK: Lanes

    private var axis: HTML {
        var marks = marks[...]
        // A label has its middle on its mark: at the edges there is no room for half of it.
        while let first = marks.first, view.share(first.microseconds) < 3000 { marks = marks.dropFirst() }
        while let last = marks.last, view.share(last.microseconds) > 97_000 { marks = marks.dropLast() }
        return HTML(
            markup: marks.enumerated().map { index, mark in
                let place = view.place(mark.microseconds)
                let style = index % 3 == 0 ? "mark" : "mark fine"
                var text = tag(
                    "text", ["class": style, "x": place, "y": "13"], TimeAxis.label(mark.utc, step: step)
                ).text
                if !mark.here.isEmpty {
                    text +=
                        tag(
                            "text", ["class": style + " here", "x": place, "y": "27"], hereLabel(mark)
                        ).text
                }
                return text + tag("line", ["x1": place, "x2": place, "y1": "32", "y2": "38"], "").text
            }.joined())
    }

    /// With its offset where that changes in the view: the hour that a clock shows twice is told apart.
    private func hereLabel(_ mark: Moment) -> String {
        let label = TimeAxis.label(mark.here, step: step)
        return offsets.count > 1 ? label + mark.here.suffix(6) : label
    }

    private var bands: HTML {
        HTML(
            markup: band(window, "held") + gaps.map { band($0.from, $0.to, "gap") }.joined()
                + Self.uses(backups.map(\.moment.microseconds), "backup", 15, view))
    }

    private func band(_ span: Span?, _ style: String) -> String {
        span.map { band($0.from.microseconds, $0.to.microseconds, style) } ?? ""
    }

    private func band(_ from: Int64, _ to: Int64, _ style: String) -> String {
        guard to >= view.from.microseconds, from <= view.to.microseconds else { return "" }
        let left = view.share(from)
        let width = Span.percent(max(view.share(to) - left, 100))
        return tag(
            "rect",
            [
                "class": style, "x": Span.percent(left), "width": width, "y": "5", "height": "20", "rx": "3",
            ], ""
        ).text
    }

    /// Marks of one kind; those that lie on each other are one.
    private static func uses(_ times: [Int64], _ kind: String, _ y: Int, _ view: Span) -> String {
        var last: Int64 = -10_000
        let marks = times.filter(view.holds).map(view.share).sorted().filter { place in
            guard place - last >= 800 else { return false }
            last = place
            return true
        }
        guard !marks.isEmpty else { return "" }
        return tag("g", ["class": "sign \(kind)", "transform": "translate(0 \(y))"]) {
            for place in marks { tag("use", ["href": "#sign-\(kind)", "x": Span.percent(place)], "") }
        }.text
    }

    private var density: HTML {
        let highest = Double(max(commits.max() ?? 0, 1))
        let width = 100_000 / Int64(max(commits.count, 1))
        let shown = commits.count > 20 ? width * 8 / 10 : width - 200
        return HTML(
            markup: commits.enumerated().filter { $0.element > 0 }.map { index, count in
                // By its root: a busy minute does not hide that there were quiet ones.
                let height = Int(((Double(count) / highest).squareRoot() * 40).rounded(.up))
                return tag(
                    "rect",
                    [
                        "x": Span.percent(Int64(index) * width), "width": Span.percent(shown),
                        "y": String(43 - height), "height": String(height),
                    ], ""
                ).text
            }.joined() + tag("line", ["x1": "0", "x2": "100%", "y1": "43", "y2": "43"], "").text)
    }

    private var deeds: HTML {
        HTML(
            markup: Event.Kind.allCases.enumerated().map { index, kind in
                Self.uses(deedTimes[kind] ?? [], kind.rawValue, 10 + index * 16, view)
            }.joined())
    }

    private var made: HTML {
        HTML(markup: Self.uses(copies.map(\.moment.microseconds), "copy", 14, view))
    }

    // MARK: All of it

    /// The whole window as a strip, with what is looked at.
    private var overview: HTML {
        guard let window else { return HTML() }
        let whole = Span(window.from, window.to.microseconds > view.to.microseconds ? window.to : view.to)
        let (left, right) = (whole.share(view.from.microseconds), whole.share(view.to.microseconds))
        return tag("div", ["class": "overview"]) {
            tag("span", ["class": "sub", "aria-hidden": "true"]) { "\(whole.from.utc.prefix(16))" }
            tag(
                "svg",
                [
                    "width": "100%", "height": "18", "role": "img",
                    "aria-label":
                        "Looked at: \(view.from.utc) to \(view.to.utc) UTC, of \(window.from.utc) to "
                        + "\(window.to.utc) UTC",
                ]
            ) {
                tag("rect", ["class": "held", "y": "5", "height": "8", "width": "100%", "rx": "3"], "")
                for gap in gaps {
                    tag(
                        "rect",
                        [
                            "class": "gap", "y": "5", "height": "8", "x": whole.place(gap.from),
                            "width": Span.percent(max(whole.share(gap.to) - whole.share(gap.from), 200)),
                        ], "")
                }
                tag(
                    "rect",
                    [
                        "class": "seen", "y": "1", "height": "16", "rx": "3", "x": Span.percent(left),
                        "width": Span.percent(max(right - left, 400)),
                    ], "")
            }
            tag("span", ["class": "sub", "aria-hidden": "true"]) { "\(whole.to.utc.prefix(16)) UTC" }
        }
    }
}
