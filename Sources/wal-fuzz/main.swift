import Foundation
import PostgresFormat
import TestKit
import TestValues

// Reads damaged WAL for as long as wanted: `wal-fuzz EXECUTIONS SEED SEGMENT…`, the segments as PostgreSQL
// keeps them. It says how far it came; a crash is the finding, and the seed brings it back.
let arguments = CommandLine.arguments
let wanted = arguments.count > 1 ? UInt64(arguments[1]) ?? 0 : 0
let seed = arguments.count > 2 ? UInt64(arguments[2]) ?? 1 : 1
var segments: [(name: SegmentName, bytes: [UInt8])] = []
for path in arguments.dropFirst(3) {
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let name = URL(fileURLWithPath: path).lastPathComponent
    guard let size = WALSegmentSize(bytes: UInt64(bytes.count)),
        let segment = SegmentName(fileName: name, size: size)
    else { continue }
    segments.append((segment, bytes))
}
var fuzzer = RecordFuzzer(segments, random: SeededRandom(seed: seed))
TestLog.say("\(segments.count) segments, seed \(seed)")
while fuzzer.executions < wanted {
    let before = fuzzer.executions
    fuzzer.run(min(1_000_000, wanted - before))
    TestLog.say("\(fuzzer.executions) executions, \(fuzzer.readable) of them readable")
    if fuzzer.executions == before { break }
}
