import Notation

/// Records of the WAL around a cut, a page of them at a time.
public struct RecordList: Sendable {
    public struct Record: Sendable {
        /// Where it begins.
        public var lsn: String
        /// Empty for none.
        public var xid: String
        /// `Heap/INSERT`
        public var kind: String
        public var sentence: String
        /// What it is about, by name.
        public var names: String
        /// Whether replay leaves it out.
        public var isLeftOut: Bool

        public init(
            lsn: String, xid: String, kind: String, sentence: String, names: String, isLeftOut: Bool
        ) {
            self.lsn = lsn
            self.xid = xid
            self.kind = kind
            self.sentence = sentence
            self.names = names
            self.isLeftOut = isLeftOut
        }
    }

    public var records: [Record] = []
    /// Where replay ends.
    public var cut = ""
    /// The position that the records before this page end at; nil where there are none.
    public var earlier: String?
    /// The position that the records behind this page begin at; nil where there are none.
    public var later: String?
    /// Whether the page is not the one around the cut.
    public var isAway = false
    /// What was not read, in sentences.
    public var notes: [String] = []
    /// Why there are none.
    public var problem: String?

    public init() {}

    /// - Parameter link: the page's own address, with a query that has begun.
    func html(_ link: String) -> HTML {
        tag("section", ["class": "card", "id": "records"]) {
            tag("h2", [:], "Record by record")
            tag("p", ["class": "intro"]) {
                "What the WAL has on both sides of the cut. The cut is at "
                tag("span", ["class": "exact"], cut)
                "."
            }
            if let problem {
                tag("p", ["class": "notice attention"]) { tag("strong", [:], problem) }
            }
            if records.isEmpty, problem == nil { tag("p", [:], "There are no records here.") }
            if !records.isEmpty { table }
            for note in notes { tag("p", ["class": "hint"], note) }
            tag("nav", ["class": "buttons go", "aria-label": "Records"]) {
                if let earlier { step(link, "back", earlier, "Earlier records") }
                if isAway { tag("a", ["class": "button", "href": link + "#records"], "Around the cut") }
                if let later { step(link, "on", later, "Later records") }
            }
        }
    }

    private func step(_ link: String, _ way: String, _ position: String, _ words: String) -> HTML {
        tag(
            "a",
            [
                "class": "button", "href": "\(link)&\(way)=\(PercentCoding.encode(position))#records",
                "aria-label": "\(words), \(way == "back" ? "before" : "from") \(position)",
            ], words)
    }

    private var table: HTML {
        Parts.table(
            isAway ? "Records" : "Records around the cut",
            ["LSN", "Transaction", "Record", "What it does", "Replay"], style: "list stacked records"
        ) { for record in records { row(record) } }
    }

    private func row(_ record: Record) -> HTML {
        tag("tr", ["class": record.isLeftOut ? "left" : nil]) {
            tag("th", ["scope": "row", "class": "exact"], record.lsn)
            tag("td", ["class": "exact"], record.xid)
            tag("td", [:], record.kind)
            tag("td") {
                record.sentence
                if !record.names.isEmpty { tag("span", ["class": "sub"], record.names) }
            }
            tag("td", [:], record.isLeftOut ? "left out" : "replayed")
        }
    }
}
