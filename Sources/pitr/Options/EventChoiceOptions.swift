import ArgumentParser
import Platform
import PostgresFormat
import ServiceModel
import WALEvents

/// Which one of several events is meant that fit the words for it.
struct EventChoiceOptions: ParsableArguments {
    @Option(help: "Of such events: the one with this number, counted from the earliest.") var nth: Int?
    @Flag(help: "Of such events: the last one.") var latest = false
    @Option(help: "Of such events: only changes of at least that many rows.") var minRows: Int64?

    var isGiven: Bool { nth != nil || latest || minRows != nil }

    func validate() throws {
        if nth != nil, latest { throw ValidationError("give either --nth or --latest") }
        if let nth, nth < 1 { throw ValidationError("--nth counts from 1, the earliest") }
        if let minRows, minRows < 1 { throw ValidationError("--min-rows is 1 or more") }
    }

    /// Throws `.usage` where the words are not understood.
    func event(_ words: String) throws(Problem) -> RequestedEvent {
        let place: EventChoice.Place = if let nth { .nth(nth) } else { latest ? .latest : .only }
        return try RequestedEvent(words, EventChoice(place, minimumRows: minRows))
    }
}
