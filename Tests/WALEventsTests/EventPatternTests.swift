import PostgresFormat
import Testing

@testable import WALEvents

struct EventPatternTests {
    private func event(
        _ action: WALEvent.Action, _ subject: WALEvent.Subject = .table, database: String? = "shop",
        schema: String? = "public", name: String = "orders", rows: Int64? = nil, at lsn: UInt64 = 100
    ) -> WALEvent {
        WALEvent(
            action: action, subject: subject,
            object: EventObject(
                database: database, databaseID: ObjectID(database == nil ? 0 : 16_384), schema: schema,
                name: name, number: 16_500),
            rows: rows, xid: TransactionID(750), record: LSN(lsn), commit: LSN(lsn + 8),
            boundary: LSN(lsn + 8))
    }

    @Test(arguments: [
        "drop table orders", "DROP TABLE shop.orders", "drop table public.orders;",
        "Drop Table Shop.Public.ORDERS", "drop table \"shop\".\"orders\"", "drop table if exists orders",
        "drop table orders cascade", "drop table orders RESTRICT;", "drop table orders in database shop",
        "DROP TABLE public.orders in database shop", "drop table orders cascade in database \"shop\";",
    ])
    func `finds a dropped table however it is named`(_ text: String) throws {
        #expect(try EventPattern(text).matches(event(.drop)))
    }

    @Test(arguments: [
        "drop table order", "drop view orders", "drop table other.orders", "drop table \"Orders\"",
        "truncate orders", "drop table shop.sales.orders", "drop table orders in database postgres",
        "drop table shop.orders in database shop",
    ])
    func `does not find what was not said`(_ text: String) throws {
        #expect(try !EventPattern(text).matches(event(.drop)))
    }

    @Test func `knows every kind of event by the words for it`() throws {
        let pairs: [(String, WALEvent)] = [
            ("truncate shop.orders", event(.truncate)), ("truncate table orders", event(.truncate)),
            ("delete from shop.orders", event(.delete, rows: 5)),
            ("update orders", event(.update, rows: 5)), ("insert into orders", event(.insert, rows: 5)),
            ("drop database shop", event(.drop, .database, database: nil, schema: nil, name: "shop")),
            ("drop materialized view orders", event(.drop, .materializedView)),
            ("create schema shop.sales", event(.create, .schema, schema: nil, name: "sales")),
            (
                "restore point before the v1.0",
                event(.restorePoint, .server, database: nil, schema: nil, name: "before the v1.0")
            ),
            ("alter table orders", event(.alter)),
            (
                "checkpoint",
                WALEvent(
                    action: .checkpoint, subject: .server, object: EventObject(), record: LSN(100),
                    boundary: LSN(100))
            ),
        ]
        for (text, event) in pairs { #expect(try EventPattern(text).matches(event), "\(text)") }
    }

    @Test func `an event's own title finds it again`() throws {
        for named in [
            "orders", "order", "order-items", "in", "Order Items", "a\"b", "1st", "two\nlines\\",
            "\u{1B}[31m\"", "ünïcode", "with.dot",
        ] {
            for schema in ["public", "Sales 2"] {
                let dropped = event(.drop, schema: schema, name: named)
                #expect(
                    try EventPattern(dropped.title.lowercasedKeywords).matches(dropped), "\(dropped.title)")
                #expect(
                    try EventPattern(dropped.words.lowercasedKeywords).matches(dropped), "\(dropped.words)")
            }
        }
    }

    @Test(arguments: [
        "2026-03-22T18:20:22Z  0/6C  750  DELETE public.\"a, 5 rows: x\" in database shop, 8 400 rows: in 2",
        "  0/6C 750 delete public.\"a, 5 rows: x\"", "delete \"a, 5 rows: x\" in database shop, 8 400 rows",
        "DELETE public.\"a, 5 rows: x\" in database shop, 8400 rows (in 2)\n",
        "DELETE \"a, 5 rows: x\": in 2",
    ])
    func `a line of a timeline is the event that it tells of, and no other`(_ line: String) throws {
        var printed = event(.delete, name: "a, 5 rows: x", rows: 8400)
        printed.details = ["in 2"]
        var other = event(.delete, name: "a, 5 rows: x", rows: 8401, at: 200)
        let pattern = try EventPattern(line)
        other.details = ["in 3"]
        #expect(pattern.select(from: [printed, other]) == .one(EventTarget(printed)))
        #expect(pattern.description == line)
    }

    @Test func `a restore point is named by the whole of its line, whatever the name has in it`() throws {
        let point = event(
            .restorePoint, .server, database: nil, schema: nil, name: "before, 5 rows: x", at: 92)
        for front in ["", "2026-03-22T18:20:22Z  0/64  -  "] {
            let pattern = try EventPattern(front + "RESTORE POINT before, 5 rows: x")
            #expect(pattern.matches(point))
        }
        #expect(try !EventPattern("0/65 - RESTORE POINT before, 5 rows: x").matches(point))
    }

    @Test(arguments: [
        "", "  ", "delete from orders, 5 rows and more", "delete from orders, many rows", "0/64",
        "dorp table x", "drop x", "drop table", "drop table a.b.c.d", "drop table \"x",
        "drop table a b", "drop table in database shop", "drop table a.b.c in database shop",
        "drop table a in database b.c",
        "drop table .x", "delete from x cascade", "drop table U&\"a\\00\"", "drop table U&\"\\D800\"",
        "restore", "restore point", "delete from",
    ])
    func `refuses words that are no event`(_ text: String) {
        #expect(throws: EventPattern.Flaw.self) { try EventPattern(text) }
    }

    // MARK: Choosing

    @Test func `one that fits is the target, and its boundary is what must be left out`() throws {
        let wanted = event(.drop, at: 500)
        let selection = try EventPattern("drop table orders").select(from: [event(.create), wanted])
        #expect(selection == .one(EventTarget(wanted)))
        #expect(EventTarget(wanted).boundary == LSN(508))
    }

    @Test func `several that fit are listed instead of chosen`() throws {
        let events = [100, 200, 300].map { event(.delete, rows: Int64($0), at: $0) }
        let pattern = try EventPattern("delete from orders")
        #expect(pattern.select(from: events) == .several(count: 3, last: events.map(EventTarget.init)))
        #expect(pattern.select(from: events, EventChoice(.latest)) == .one(EventTarget(events[2])))
        #expect(pattern.select(from: events, EventChoice(.nth(2))) == .one(EventTarget(events[1])))
        #expect(
            pattern.select(from: events, EventChoice(.nth(4)))
                == .several(count: 3, last: events.map(EventTarget.init)))
        #expect(
            pattern.select(from: events, EventChoice(.only, minimumRows: 250)) == .one(EventTarget(events[2]))
        )
    }

    @Test func `what one transaction did to the parts of a table is one event of the table`() throws {
        func part(_ name: String, _ rows: Int64, at lsn: UInt64) -> WALEvent {
            var part = event(.delete, name: name, rows: rows, at: lsn)
            part.ancestors = [event(.delete, name: "orders").object]
            return part
        }
        let events = [
            part("orders_1", 60, at: 100), part("orders_2", 50, at: 100), part("orders_1", 90, at: 200),
        ]
        let pattern = try EventPattern("delete from orders")
        guard case .several(2, let found) = pattern.select(from: events) else {
            throw EventPattern.Flaw(description: "one of two was chosen")
        }
        #expect(found.map(\.event.rows) == [110, 90])
        #expect(found.map(\.event.details) == [["in 2 tables"], ["in public.orders_1"]])
        #expect(found.allSatisfy { $0.event.object.name == "orders" })
        #expect(found.map(\.boundary) == [LSN(108), LSN(208)])
        let large = pattern.select(from: events, EventChoice(.only, minimumRows: 100))
        #expect(large == .one(found[0]))
        // A partition goes by its own name as before.
        let own = try EventPattern("delete from orders_2").select(from: events)
        #expect(own == .one(EventTarget(events[1])))
        let dropped = try EventPattern("drop table orders").matches(part("orders_1", 1, at: 1))
        #expect(!dropped)
    }

    @Test func `however many fit, all are counted, any can be chosen, and the last few are told`() throws {
        let events = (1...5000).map { event(.delete, rows: Int64($0), at: UInt64($0) * 10) }
        let pattern = try EventPattern("delete from orders")
        guard case .several(5000, let last) = pattern.select(from: events) else {
            throw EventPattern.Flaw(description: "5000 were not counted")
        }
        #expect(last.map(\.event) == Array(events.suffix(20)))
        for number in [1, 2, 2500, 4999, 5000] {
            #expect(
                pattern.select(from: events, EventChoice(.nth(number)))
                    == .one(EventTarget(events[number - 1])))
        }
        #expect(
            pattern.select(from: events, EventChoice(.nth(3), minimumRows: 4990))
                == .one(EventTarget(events[4991])))
        guard case .none(let similar) = pattern.select(from: events, EventChoice(.latest, minimumRows: 6000))
        else { throw EventPattern.Flaw(description: "one that is too small was chosen") }
        #expect(similar == Array(events.suffix(10)))
    }

    @Test func `where nothing fits it says what comes nearest`() throws {
        let pattern = try EventPattern("drop table orders")
        #expect(pattern.select(from: [event(.truncate)]) == .none(similar: [event(.truncate)]))
        let other = event(.drop, name: "payments")
        #expect(pattern.select(from: [other]) == .none(similar: [other]))
        #expect(pattern.select(from: []) == .none(similar: []))
    }

    @Test func `what was renamed is found by the name it had`() throws {
        var renamed = event(.alter, name: "orders_old")
        renamed.former = event(.alter, name: "orders").object
        #expect(try ObjectPattern("shop.orders").matches(renamed))
        #expect(try ObjectPattern("orders_old").matches(renamed))
        #expect(try !ObjectPattern("orders_new").matches(renamed))
        #expect(try EventPattern("drop table orders").select(from: [renamed]) == .none(similar: [renamed]))
    }

    @Test func `a name with a break in it stays on one line, as SQL writes it`() {
        #expect(SQLName.quoted("two\nlines") == "U&\"two\\000Alines\"")
        #expect(SQLName.quoted("back\\slash") == "\"back\\slash\"")
    }

    @Test func `says a number where no name is known`() {
        let unknown = EventObject(databaseID: ObjectID(5), number: 16_384)
        #expect(unknown.description == "5.16384")
        #expect(unknown.words == "16384 in database 5")
        #expect(EventObject(database: "shop", databaseID: ObjectID(5), number: 77).description == "shop.77")
    }

    @Test func `people read the schema, and the database where nobody takes it for one`() throws {
        let object = EventObject(
            database: "postgres", databaseID: ObjectID(5), schema: "public", name: "order", number: 16_500)
        #expect(object.words == "public.\"order\" in database postgres")
        #expect(
            event(.delete, name: "Order-Items", rows: 7).description
                == "DELETE public.\"Order-Items\" in database shop, 7 rows")
        #expect(
            event(.create, .schema, schema: nil, name: "sales").words
                == "CREATE SCHEMA sales in database shop")
        #expect(
            event(.drop, .database, database: nil, schema: nil, name: "my-shop").words
                == "DROP DATABASE \"my-shop\"")
        #expect(
            event(.restorePoint, .server, database: nil, schema: nil, name: "release-42").words
                == "RESTORE POINT release-42")
        #expect(SQLName.words(path: "shop.\"Sales.2\".t") == "\"Sales.2\".t in database shop")
        #expect(SQLName.words(path: "t") == "t")
    }
}

extension String {
    /// The title as somebody would type it: lower case but for quoted names.
    fileprivate var lowercasedKeywords: String {
        hasPrefix("DROP TABLE ") ? "drop table " + dropFirst(11) : self
    }
}
