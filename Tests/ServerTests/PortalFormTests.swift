import Portal
import PostgresFormat
import ServiceModel
import Testing

@testable import Server

/// What the portal's forms carry from one page to the next, and say as a command.
@Suite(.timeLimit(.minutes(5)))
struct PortalFormTests {
    @Test func `Create as a command makes the server that the form makes`() {
        var request = CreateServerRequest(resourceGroup: "demo")
        request.name = "orders"
        request.version = "16"
        request.tier = "GeneralPurpose"
        request.skuName = "Standard_D2ds_v5"
        request.storageSizeGiB = 64
        request.backupRetentionDays = 9
        request.geoRedundantBackup = true
        request.adminUser = "ann"
        request.publicAccess = "Enabled"
        request.tags = ["b": "", "a": "x y"]
        let words = [
            "-g", "demo", "-n", "orders", "--version", "16", "--tier", "GeneralPurpose", "--sku-name",
            "Standard_D2ds_v5", "--storage-size", "64", "--backup-retention", "9",
            "--geo-redundant-backup", "Enabled", "--admin-user", "ann", "--public-access", "Enabled",
            "--tags", "a=x y", "b",
        ]
        #expect(PortalPages.options(request) == words)
    }

    @Test(
        arguments: [
            ("database", "Add a database to orders"), ("delete-database", "Delete a database of orders"),
            ("delete-backup", "Delete a backup of orders"), ("upgrade", "Upgrade orders"),
            ("delete-group", "Delete resource group orders"), ("undo", "Take back transactions of orders"),
            ("restore-point", "restore point orders"), ("a-later-one", "a later one orders"),
        ] as [(String, String)])
    func `a deployment is titled by what it does`(kind: String, title: String) {
        #expect(PortalWords.operation(kind, on: "orders") == title)
    }

    @Test func `of a session's passwords the last three are kept, until they expire or it ends`() {
        let passwords = PortalPasswords()
        let now = PostgresTimestamp(unixMicroseconds: 1_792_886_400_000_000)
        let keys = (0..<5).map { number in
            passwords.keep("p\(number)", session: "a", now: now.advanced(bySeconds: Int64(number)))
        }
        let other = passwords.keep("q", session: "b", now: now)
        let found = keys.map { passwords.password($0, session: "a", now: now) }
        #expect(found == [nil, nil, "p2", "p3", "p4"])
        passwords.forget(session: "a")
        #expect(passwords.password(keys[4], session: "a", now: now) == nil)
        #expect(passwords.password(other, session: "b", now: now) == "q")
        let later = now.advanced(bySeconds: PortalPasswords.lifetime)
        #expect(passwords.password(other, session: "b", now: later) == nil)
        #expect(passwords.password(other, session: "b", now: now) == nil)
    }

    @Test func `of an attached server is told how it is received, and what would be lost`() {
        let attachment = Attachment(
            host: "db.example", port: 5432, user: "pitr", security: .require, rootCertificate: nil,
            slot: .none, slotBound: nil)
        var state = AttachedState(attachment: attachment, phase: .waiting)
        state.problem = "connection refused"
        state.rpoSeconds = 12
        (state.durable, state.sourceEnd) = (LSN(0x100_0000), LSN(0x100_0000))
        let facts = PortalPages.facts(state)
        let texts = facts.map { "\($0.name): \($0.value)" }
        #expect(texts.contains("Source: pitr@db.example:5432"))
        #expect(texts.contains("WAL: Not received, tried again: connection refused"))
        #expect(texts.contains("RPO: 12.0 s would be lost with the source now"))
        // Nobody hears how far the source is: that it was level once is not told as the distance of now.
        #expect(!texts.contains { $0.hasPrefix("Behind") })
        state.phase = .streaming
        #expect(PortalPages.facts(state).contains { $0.name == "Behind" && $0.value == "0 B" })
    }

    @Test func `a moment that is still to come is refused`() {
        let now = PostgresTimestamp(unixMicroseconds: 1_792_886_400_000_000)
        #expect(throws: Never.self) { try PortalPages.requirePast(now, now: now) }
        #expect(throws: (any Error).self) {
            try PortalPages.requirePast(now.advanced(bySeconds: 1), now: now)
        }
    }

    @Test func `words that depend on now are an instant once the plan is made`() {
        var typed = RestoreForm()
        typed.moment = .custom
        typed.words = "10 minutes ago"
        let time = PostgresTimestamp(unixMicroseconds: 1_792_886_400_123_456)
        let settled = PortalPages.settled(typed, time)
        #expect(settled.words.isEmpty)
        #expect(settled.date == "2026-10-25" && settled.time == "00:00:00.123456")
        #expect(PortalPages.settled(typed, nil).words == "10 minutes ago")
        typed.moment = .latest
        #expect(PortalPages.settled(typed, time).words == "10 minutes ago")
    }

    @Test(
        arguments: [
            (1_828_828_800, 1_828_915_200, ["December 2027"], [2], ["2027-12-15", "2027-12-16"]),
            (
                1_709_164_800, 1_709_251_200, ["February 2024", "March 2024"], [3, 4],
                ["2024-02-29", "2024-03-01"]
            ),
            (
                1_798_675_200, 1_798_848_000, ["December 2026", "January 2027"], [1, 4],
                ["2026-12-31", "2027-01-01", "2027-01-02"]
            ),
        ] as [(Int64, Int64, [String], [Int], [String])])
    func `a calendar has whole months, and the days from one instant to another are open`(
        from: Int64, to: Int64, months: [String], blanks: [Int], days: [String]
    ) {
        // Shortly before the end of the first day, and at the first instant of the last one.
        let calendar = PortalWords.calendar(
            from: PostgresTimestamp(unixSeconds: from + 86_399), to: PostgresTimestamp(unixSeconds: to))
        #expect(calendar.months.map(\.words) == months && calendar.months.map(\.blanks) == blanks)
        let all = calendar.months.flatMap(\.days)
        #expect(all.filter(\.canBeChosen).map(\.date) == days)
        #expect(
            all.first?.date.hasSuffix("-01") == true && all.last.map { $0.date > days.last ?? "" } == true)
        #expect(all.contains { $0.words == "2027-12-15 Wednesday" } || months != ["December 2027"])
    }

    @Test func `of a window of many years the calendar has the last one`() {
        let calendar = PortalWords.calendar(
            from: PostgresTimestamp(unixSeconds: 1_000_000_000),
            to: PostgresTimestamp(unixSeconds: 1_796_000_000))
        let days = calendar.months.flatMap(\.days).filter(\.canBeChosen).map(\.date)
        #expect(days.count == 400 && days.last == "2026-11-30", "\(days.count) \(days.last ?? "")")
    }
}
