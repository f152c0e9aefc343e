import Platform
import PostgresFormat
import Repository
import TestKit
import Testing
import WALEvents

@testable import Holdings

/// A timeline that goes on from where one before it stood tells what one from the beginning tells.
@Suite(.timeLimit(.minutes(2)))
struct KeptPassTests {
    private let first = SegmentName(timeline: TimelineID(1), number: 3)

    private static func time(_ microseconds: Int64) -> PostgresTimestamp {
        PostgresTimestamp(microseconds: microseconds)
    }

    /// Two transactions have rows in the first two segments and end in the third.
    ///
    /// - Parameter isWhole: false where the third one ends within.
    private func craft(isWhole: Bool = true) -> WALCraft {
        var craft = WALCraft(first)
        craft.orders(150, by: 700)
        craft.switchSegment()
        craft.orders(200, by: 701)
        craft.commit(701, at: Self.time(5))
        craft.orders(120, by: 702)
        craft.restorePoint("here", at: Self.time(6))
        craft.switchSegment()
        craft.orders(10, by: 700)
        craft.commit(700, at: Self.time(7))
        guard isWhole else { return craft }
        craft.abort(702, at: Self.time(8))
        craft.switchSegment()
        return craft
    }

    private func source() throws -> CraftedSource {
        try CraftedSource(craft(), from: first, unarchived: 1)
    }

    private struct Told: Equatable {
        var events: [WALEvent] = []
        var commits: [Int64: Int] = [:]
        var segments = 0
        var segmentsRead = 0
        var notes: [String] = []

        /// What transactions did.
        var words: [String] {
            events.filter { $0.subject != .server }.map { "\($0.xid) \($0)" }
        }
    }

    private func told(
        _ source: CraftedSource, least: Int64 = 100, _ keeper: PassKeeper = PassKeeper(),
        _ catalogs: CraftedCatalogs? = nil
    ) throws -> Told {
        var reader = source.reader(minimumRows: least, catalogs)
        reader.keeper = keeper
        var told = Told()
        try reader.read(path: source.path, from: nil, to: nil) { events in
            told.events += events
        }
        (told.commits, told.segments) = (reader.commits, reader.segments)
        (told.segmentsRead, told.notes) = (reader.segmentsRead, reader.notes)
        return told
    }

    @Test func `what was archived is gone through once, and what follows is told as if it were again`() throws
    {
        let source = try source()
        let plain = try told(source)
        #expect(plain.events.count == 3 && plain.segmentsRead == 1, "\(plain)")
        #expect(plain.words.last == "700 INSERT 16384 in database 5, 160 rows")
        let keeper = PassKeeper(source.listing) { true }
        #expect(try told(source, keeper) == plain)
        try source.removeArchived()
        #expect(try told(source, keeper) == plain)
        #expect(try told(source, keeper) == plain, "each goes on from a state of its own")
        #expect(throws: Problem.self, "of other rows than those it was made for") {
            try told(source, least: 99, keeper)
        }
    }

    @Test func `where a base backup could not be read wholly nothing is kept`() throws {
        let source = try source()
        let keeper = PassKeeper(source.listing) { false }
        let plain = try told(source)
        #expect(try told(source, keeper) == plain)
        try source.removeArchived()
        #expect(throws: Problem.self) { try told(source, keeper) }
    }

    // MARK: Where it is cut

    /// Of three segments the last lies beside the archive: what a pass from the beginning tells is that, and
    /// so does each one that goes on from behind the second, by catalogs that are opened anew.
    private func expectSame(
        _ craft: WALCraft, hasCatalogs: Bool = true, _ words: [String],
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let source = try CraftedSource(craft, from: first, unarchived: 1)
        #expect(source.path.count == 3, sourceLocation: sourceLocation)
        func told(_ keeper: PassKeeper = PassKeeper()) throws -> Told {
            try self.told(source, keeper, hasCatalogs ? CraftedCatalogs() : nil)
        }
        let plain = try told()
        #expect(plain.words == words, sourceLocation: sourceLocation)
        #expect(plain.segmentsRead == 1 && plain.notes.isEmpty, sourceLocation: sourceLocation)
        let keeper = PassKeeper(source.listing) { true }
        for _ in 0..<2 { #expect(try told(keeper) == plain, sourceLocation: sourceLocation) }
        try source.removeArchived()
        for _ in 0..<2 { #expect(try told(keeper) == plain, sourceLocation: sourceLocation) }
    }

    @Test func `in the middle of a transaction, and of one of its records`() throws {
        var craft = WALCraft(first)
        craft.orders(150, by: 700)
        craft.switchSegment()
        craft.orders(200, by: 701)
        craft.commit(701, at: Self.time(5))
        craft.fill(leaving: 32, ofSegment: true)
        let crossing = craft.heap(700, data: [1, 2, 3])
        let border = first.next.next.start
        #expect(crossing.start < border && crossing.end > border)
        craft.orders(9, by: 700)
        craft.commit(700, at: Self.time(7))
        craft.switchSegment()
        try expectSame(
            craft, hasCatalogs: false,
            [
                "701 INSERT 16384 in database 5, 200 rows", "700 INSERT 16384 in database 5, 160 rows",
            ])
    }

    /// A server that stops in between takes all that is open with it, but for what is prepared.
    @Test(arguments: [false, true])
    func `between a transaction's PREPARE and its commit`(stops: Bool) throws {
        var craft = WALCraft(first)
        craft.orders(150, by: 700)
        craft.insert(CraftedRow.table(17_000, "made"), into: .relations, at: 10, by: 700)
        craft.prepare(700, at: Self.time(4), extra: 16)
        craft.orders(120, by: 701)
        craft.switchSegment()
        craft.orders(200, by: 702)
        craft.commit(702, at: Self.time(5))
        craft.restorePoint("here", at: Self.time(6))
        craft.switchSegment()
        if stops { craft.stop(next: 800) }
        craft.endPrepared(700, commit: true, at: Self.time(7))
        if !stops { craft.commit(701, at: Self.time(8)) }
        craft.switchSegment()
        let others = stops ? [] : ["701 INSERT public.orders in database shop, 120 rows"]
        try expectSame(
            craft,
            [
                "702 INSERT public.orders in database shop, 200 rows",
                "700 INSERT public.orders in database shop, 150 rows",
                "700 CREATE TABLE public.made in database shop",
            ] + others)
    }

    @Test func `in the middle of subtransactions, of which one was rolled back`() throws {
        var craft = WALCraft(first)
        craft.orders(60, by: 700)
        craft.orders(60, by: 701)
        craft.insert(CraftedRow.table(17_000, "made"), into: .relations, at: 10, by: 701)
        craft.switchSegment()
        craft.orders(60, by: 702)
        craft.insert(CraftedRow.table(17_001, "undone"), into: .relations, at: 11, by: 702)
        craft.abort(702, at: Self.time(5))
        craft.orders(60, by: 703)
        craft.switchSegment()
        craft.orders(10, by: 703)
        craft.commit(700, with: [701, 703], at: Self.time(7))
        craft.switchSegment()
        try expectSame(
            craft,
            [
                "700 INSERT public.orders in database shop, 190 rows",
                "700 CREATE TABLE public.made in database shop",
            ])
    }

    @Test func `between changes of the catalogs and their commits`() throws {
        var craft = WALCraft(first)
        craft.orders(150, by: 700)
        let renamed = CraftedRow.table(CraftedCatalogs.orders, "invoices")
        craft.update(.relations, from: 1, to: 11, renamed, by: 700)
        craft.switchSegment()
        craft.insert(CraftedRow.table(17_000, "made"), into: .relations, at: 10, by: 701)
        craft.delete(from: .relations, at: 2, by: 702)
        craft.insert(CraftedRow.table(17_001, "undone"), into: .relations, at: 12, by: 703)
        craft.orders(200, by: 704)
        craft.commit(704, at: Self.time(5))
        craft.switchSegment()
        craft.orders(10, by: 700)
        craft.commit(700, at: Self.time(7))
        craft.commit(701, at: Self.time(8))
        craft.commit(702, at: Self.time(9))
        craft.abort(703, at: Self.time(10))
        craft.orders(120, by: 705)
        craft.commit(705, at: Self.time(11))
        craft.switchSegment()
        try expectSame(
            craft,
            [
                "704 INSERT public.orders in database shop, 200 rows",
                "700 INSERT public.invoices in database shop, 160 rows",
                "700 ALTER TABLE public.invoices in database shop (renamed from orders)",
                "701 CREATE TABLE public.made in database shop",
                "702 DROP TABLE public.bills in database shop",
                "705 INSERT public.invoices in database shop, 120 rows",
            ])
    }

    /// Columns are read from the backup only when a record touches their page.
    @Test func `before anything of the backup's columns was needed`() throws {
        var craft = WALCraft(first)
        craft.orders(150, by: 700)
        craft.commit(700, at: Self.time(4))
        craft.switchSegment()
        craft.orders(200, by: 701)
        craft.commit(701, at: Self.time(5))
        craft.switchSegment()
        let renamed = CraftedRow.column(1, of: CraftedCatalogs.orders, "amount")
        craft.update(.columns, from: 1, to: 2, renamed, by: 702)
        craft.commit(702, at: Self.time(7))
        craft.switchSegment()
        try expectSame(
            craft,
            [
                "700 INSERT public.orders in database shop, 150 rows",
                "701 INSERT public.orders in database shop, 200 rows",
                "702 ALTER TABLE public.orders in database shop (column total renamed to amount)",
            ])
    }

    // MARK: Another archive

    /// As if every file had been changed long ago; each is looked at each time.
    private static var memory: RepositoryMemory { RepositoryMemory(tick: -10, patience: 0) }

    /// The source's own file of the segment is the same as the partial one.
    @Test func `a partial segment that is archived is read each time, until the whole one is there`() throws {
        let half = craft(isWhole: false)
        let last = half.segments[2]
        let source = try CraftedSource(half, from: first, unarchived: 1, memory: Self.memory)
        let before = try told(source, PassKeeper(source.listing) { true })
        #expect(before.words.last == "700 INSERT 16384 in database 5, 160 rows" && before.segmentsRead == 1)

        try source.push(last.bytes, as: last.name.fileName + ".partial")
        let grown = try source.seenAgain()
        #expect(grown.listing !== source.listing && grown.segments.map(\.isPartial) == [false, false, true])
        #expect(try told(grown) == before)
        let keeper = PassKeeper(grown.listing) { true }
        for _ in 0..<2 { #expect(try told(grown, keeper) == before) }

        try source.push(craft().segments[2].bytes, as: last.name.fileName)
        let whole = try source.seenAgain()
        let plain = try told(whole)
        #expect(plain.words == before.words && plain.segments == 3 && plain.segmentsRead == 0)
        let lastKeeper = PassKeeper(whole.listing) { true }
        for _ in 0..<2 { #expect(try told(whole, lastKeeper) == plain) }

        // The last two are those of the segment that was partial.
        try whole.removeArchived(butFor: 3)
        #expect(try told(grown, keeper) == before)
        #expect(try told(whole, lastKeeper) == plain)
        #expect(throws: Problem.self) { try told(whole) }
    }
}
