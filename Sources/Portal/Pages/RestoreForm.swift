/// What the form of a restore holds, on Basics and carried along Review + create.
public struct RestoreForm: Sendable {
    public enum Moment: String, Sendable, CaseIterable {
        case latest, custom, fast
        /// Just before an event that was chosen on the timeline.
        case event
    }

    public var group = ""
    public var name = ""
    public var moment = Moment.latest
    /// `2026-11-29`
    public var date = ""
    /// `04:37:12.345678`
    public var time = ""
    /// `yesterday 18:00 Europe/Paris`: instead of date and time.
    public var words = ""
    public var backup = ""
    /// The record that is the first one left out: `0/3001A58`.
    public var before = ""
    /// Hours after which the copy is deleted; empty for never.
    public var expiry = ""
    public var opensHere = false

    public init() {}

    /// As fields of a form.
    public var fields: [(name: String, value: String)] {
        [
            ("group", group), ("name", name), ("moment", moment.rawValue), ("date", date), ("time", time),
            ("words", words), ("backup", backup), ("before", before), ("expiry", expiry),
            ("here", opensHere ? "yes" : ""),
        ]
    }
}
