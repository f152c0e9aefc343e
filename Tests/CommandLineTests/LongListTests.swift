import Notation
import Testing

@testable import pitr

struct LongListTests {
    private func report(_ count: Int) -> Report {
        var report = Report(
            value: .object(["events": .array([]), "alpha": .integer(1), "zeta": .array([.string("x")])]),
            view: .plain("seen"))
        report.list = LongList(name: "events", count: count) { range in
            range.map {
                .object(["number": .integer(Int64($0)), "tags": .array([]), "text": .string("a\"b")])
            }
        }
        return report
    }

    @Test(arguments: [0, 1, 255, 256, 257, 1000])
    func `a long list is printed piece by piece as it is printed whole`(_ count: Int) throws {
        for format in [OutputFormat.json, .jsonc] {
            var pieces: [String] = []
            let isWritten = try report(count).write(format, colors: true) { piece in
                pieces.append(piece)
                return true
            }
            let whole = try report(count).render(format, colors: true)
            #expect(isWritten && pieces.joined() == whole)
            #expect(pieces.count > count / 256)
        }
        #expect(try report(count).render(.yaml).contains("number: 0") == (count > 0))
        #expect(try report(count).render(.table) == "seen")
    }

    @Test func `no more of a long list is made once nobody reads it`() throws {
        var pieces = 0
        let isWritten = try report(10_000).write(.json, colors: false) { _ in
            pieces += 1
            return pieces < 3
        }
        #expect(isWritten && pieces == 3)
    }
}
