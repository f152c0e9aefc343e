import PostgresFormat
import ServiceModel
import Testing

@testable import ControlPlane

struct ConnectionLogTests {
    private func line(_ second: Int, _ process: Int, _ text: String) -> String {
        let two = String(second)
        return "2026-11-29 17:00:\(two.count < 2 ? "0" : "")\(two).250 UTC [\(process)] \(text)"
    }

    private func session(
        _ second: Int, _ process: Int, _ user: String, _ database: String, from address: String
    ) -> [String] {
        let host = address == "[local]" ? address : "\(address) port=\(process)"
        return [
            line(second, process, "LOG:  connection received: host=\(host)"),
            line(
                second, process,
                "\(user)@\(database) LOG:  connection authorized: user=\(user) database=\(database) "
                    + "application_name=a database=b SSL enabled (protocol=TLSv1.3, bits=256)"),
            line(
                second + 1, process,
                "\(user)@\(database) LOG:  disconnection: session time: 0:00:01.000 user=\(user) "
                    + "database=\(database) host=\(host)"),
        ]
    }

    private func evidence(_ lines: [String], largest: Int = 1000) -> ConnectionEvidence {
        var log = ConnectionLog(ownUser: "azuresu", largest: largest)
        for line in lines { log.add(line) }
        return log.evidence(isLogged: true, at: PostgresTimestamp(microseconds: 0))
    }

    @Test func `people are told by user, database and address, the tool's own sessions are not`() {
        let lines =
            session(1, 10, "azuresu", "postgres", from: "[local]")
            + session(2, 11, "keeper", "shop", from: "127.0.0.1")
            + session(4, 10, "keeper", "shop", from: "127.0.0.1")
            + session(6, 12, "o database=d'Or host=[local]", "shop", from: "10.0.0.7")
        let found = evidence(lines, largest: 1 << 20)
        #expect(found.visitors.map(\.address) == ["127.0.0.1", "10.0.0.7"])
        #expect(found.visitors.map(\.sessions) == [2, 1])
        #expect(found.visitors[0].user == "keeper" && found.visitors[0].database == "shop")
        #expect(found.visitors[0].first?.description == "2026-11-29T17:00:02.250000Z")
        #expect(found.visitors[0].last?.description == "2026-11-29T17:00:05.250000Z")
        #expect(found.lines == lines.dropFirst(3).map { $0 + "\n" }.joined())
        #expect(found.omittedBytes == 0 && found.refused == 0)
    }

    @Test func `who is still there and who was turned away is told too`() {
        let found = evidence(
            Array(session(1, 10, "keeper", "shop", from: "127.0.0.1").dropLast())
                + [
                    line(2, 11, "LOG:  connection received: host=10.0.0.9 port=4711"),
                    line(2, 11, "eve@shop FATAL:  password authentication failed for user \"eve\""),
                    line(3, 10, "keeper@shop FATAL:  terminating connection due to administrator command"),
                ])
        #expect(found.visitors.map(\.sessions) == [1] && found.refused == 1)
        #expect(found.lines.contains("password authentication failed"))
    }

    @Test func `where the beginning is missing the end tells`() {
        let found = evidence([session(1, 10, "keeper", "shop", from: "127.0.0.1")[2]])
        #expect(found.visitors.map(\.sessions) == [1] && found.visitors[0].address == "127.0.0.1")
    }

    @Test func `the newest lines are kept, all are counted, and what is cut is said`() {
        let lines = (0..<50).flatMap { session($0, 100 + $0, "keeper", "shop", from: "127.0.0.1") }
        let found = evidence(lines, largest: 2000)
        let all = lines.map { $0.utf8.count + 1 }.reduce(0, +)
        #expect(found.visitors.map(\.sessions) == [50])
        #expect(found.lines.utf8.count <= 2000 && found.lines.utf8.count + found.omittedBytes == all)
        #expect(found.lines.hasSuffix((lines.last ?? "") + "\n"))
    }
}
