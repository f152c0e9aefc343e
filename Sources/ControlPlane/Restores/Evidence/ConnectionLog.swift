import PostgresFormat
import ServiceModel

/// Reads the lines of a server's log that tell of connections, in their order.
struct ConnectionLog {
    private struct Key: Hashable {
        var user: String
        var database: String
        var address: String
    }

    /// The user of the tool's own sessions; only they come through the private socket.
    let ownUser: String
    var largest = ConnectionEvidence.largest
    private var order: [Key] = []
    private var visitors: [Key: ConnectionEvidence.Visitor] = [:]
    private var refused = 0
    /// Processes with a connection: where it came from, and whose it is once somebody was let in.
    private var addresses: [Substring: String] = [:]
    private var sessions: [Substring: Key] = [:]
    private var own: Set<Substring> = []
    private var lines: [String] = []
    private var first = 0
    private var bytes = 0
    private var omitted = 0

    init(ownUser: String, largest: Int = ConnectionEvidence.largest) {
        self.ownUser = ownUser
        self.largest = largest
    }

    /// What every line of interest has in it.
    static let marks = [
        "connection received: ", "connection authenti", "connection authorized: ",
        "disconnection: ", "FATAL:  ",
    ]

    mutating func add(_ line: String) {
        guard let level = Self.levels.lazy.compactMap({ line.range(of: $0) }).first else { return }
        let said = line[level.upperBound...]
        let process = Self.process(in: line[..<level.lowerBound])
        if let host = said.after("connection received: host=") {
            forget(process)
            if host == "[local]" {
                if let process { own.insert(process) }
                return
            }
            if let process { addresses[process] = String(host.before(" port=")) }
        } else if let process, own.contains(process) {
            if said.hasPrefix("disconnection: ") { own.remove(process) }
            return
        } else if let who = said.after("connection authorized: user=")
            ?? said.after("replication connection authorized: user=")
        {
            guard begin(String(who), process, Self.time(of: line)) else { return }
        } else if said.hasPrefix("disconnection: ") {
            guard end(String(said), process, Self.time(of: line)) else { return }
        } else if line[level] == " FATAL:  " {
            guard let process, addresses[process] != nil, sessions[process] == nil else { return }
            refused += 1
            forget(process)
        } else if !said.hasPrefix("connection authenti") {
            return
        }
        keep(line)
    }

    private static let levels = [" LOG:  ", " FATAL:  "]

    /// `user=keeper database=shop application_name=psql SSL enabled (…)`, from behind the first `=`.
    private mutating func begin(_ who: String, _ process: Substring?, _ time: PostgresTimestamp?) -> Bool {
        let plain = who[...].before(" SSL enabled (").before(" application_name=")
        let user = String(plain.before(" database="))
        guard let process else {
            // Without a process nothing tells from where; its end will.
            return user != ownUser
        }
        let key = Key(
            user: user, database: plain.range(of: " database=").map { String(plain[$0.upperBound...]) } ?? "",
            address: addresses[process] ?? "")
        sessions[process] = key
        count(key, time)
        return true
    }

    /// `disconnection: session time: 0:00:01.1 user=keeper database=shop host=127.0.0.1 port=4711`: read from
    /// its end, since names may hold anything.
    private mutating func end(_ said: String, _ process: Substring?, _ time: PostgresTimestamp?) -> Bool {
        guard let host = said.lastRange(of: " host=") else { return false }
        let address = said[host.upperBound...].before(" port=")
        if address == "[local]" { return false }
        if let process, let key = sessions[process] {
            if let time { visitors[key]?.last = time }
        } else if let user = said.range(of: " user=") {
            let who = said[user.upperBound..<host.lowerBound]
            let database = who.lastRange(of: " database=")
            // It began before the lines that are left.
            count(
                Key(
                    user: String(who[..<(database?.lowerBound ?? who.endIndex)]),
                    database: database.map { String(who[$0.upperBound...]) } ?? "", address: String(address)),
                time)
        }
        forget(process)
        return true
    }

    private mutating func count(_ key: Key, _ time: PostgresTimestamp?) {
        var visitor =
            visitors[key]
            ?? ConnectionEvidence.Visitor(
                user: key.user, database: key.database, address: key.address, sessions: 0, first: time)
        if visitors[key] == nil { order.append(key) }
        visitor.sessions += 1
        visitor.last = time ?? visitor.last
        visitors[key] = visitor
    }

    private mutating func forget(_ process: Substring?) {
        guard let process else { return }
        own.remove(process)
        addresses[process] = nil
        sessions[process] = nil
    }

    private mutating func keep(_ line: String) {
        lines.append(line)
        bytes += line.utf8.count + 1
        while bytes > largest, first < lines.count {
            bytes -= lines[first].utf8.count + 1
            omitted += lines[first].utf8.count + 1
            lines[first] = ""
            first += 1
        }
        if first > 4096, first * 2 > lines.count {
            lines.removeFirst(first)
            first = 0
        }
    }

    func evidence(isLogged: Bool, at time: PostgresTimestamp) -> ConnectionEvidence {
        ConnectionEvidence(
            visitors: order.compactMap { visitors[$0] }, refused: refused,
            lines: lines[first...].map { $0 + "\n" }.joined(), omittedBytes: omitted, isLogged: isLogged,
            takenAt: time)
    }

    // MARK: A line's beginning

    /// The number in `2026-11-29 17:18:20.914 UTC [17294] `; nil where the user has another prefix.
    private static func process(in prefix: Substring) -> Substring? {
        guard let open = prefix.firstIndex(of: "["), let close = prefix[open...].firstIndex(of: "]") else {
            return nil
        }
        let number = prefix[prefix.index(after: open)..<close]
        return !number.isEmpty && number.allSatisfy(\.isWholeNumber) ? number : nil
    }

    /// `2026-11-29 17:18:20.914 UTC`
    private static func time(of line: String) -> PostgresTimestamp? {
        let words = line.split(separator: " ", maxSplits: 3)
        guard words.count == 4, words[2] == "UTC",
            case .success(let parsed) = TimestampParser.parse("\(words[0])T\(words[1])Z")
        else { return nil }
        return parsed.instant
    }
}

extension Substring {
    fileprivate func after(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }

    fileprivate func before(_ mark: String) -> Substring {
        range(of: mark).map { self[..<$0.lowerBound] } ?? self
    }
}

extension StringProtocol where SubSequence == Substring {
    /// The first place of the text.
    fileprivate func range(of text: String) -> Range<Index>? {
        ranges(of: text).first
    }

    fileprivate func lastRange(of text: String) -> Range<Index>? {
        ranges(of: text).last
    }
}
