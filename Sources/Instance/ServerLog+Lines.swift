import Glibc
import Platform

/// A server's log files: the one of its start and the rotated ones.
extension ServerLog {
    /// Visits the lines that contain one of the marks, from the oldest file to the newest. However long the
    /// files are, only a part of them is in memory.
    public func lines(
        containing marks: [String], _ visit: (String) throws -> Void
    ) throws {
        let marks = marks.map { Array($0.utf8) }
        for file in files() {
            let descriptor = open(file, O_RDONLY | O_CLOEXEC)
            if descriptor < 0, errno == ENOENT { continue }
            guard descriptor >= 0 else { throw TextFile.failure("cannot read \(file)") }
            defer { close(descriptor) }
            var pending: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw TextFile.failure("cannot read \(file)") }
                if count == 0 { break }
                pending += chunk[..<count]
                guard let end = pending.lastIndex(of: UInt8(ascii: "\n")) else {
                    // No line of interest is that long.
                    if pending.count > 1 << 20 { pending = [] }
                    continue
                }
                for line in Self.lines(in: pending[...end], containing: marks) { try visit(line) }
                pending.removeFirst(end + 1)
            }
            for line in Self.lines(in: pending[...], containing: marks) { try visit(line) }
        }
    }

    private static func lines(in bytes: ArraySlice<UInt8>, containing marks: [[UInt8]]) -> [String] {
        var places: Set<Int> = []
        bytes.withUnsafeBytes { buffer in
            for mark in marks { places.formUnion(self.places(of: mark, in: buffer)) }
        }
        var lines: [String] = []
        var last = bytes.startIndex
        for place in places.sorted().map({ $0 + bytes.startIndex }) where place >= last {
            let begin = bytes[last..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? last
            let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            lines.append(String(decoding: bytes[begin..<end], as: UTF8.self))
            last = end
        }
        return lines
    }

    private static func places(of mark: [UInt8], in buffer: UnsafeRawBufferPointer) -> [Int] {
        guard let base = buffer.baseAddress, let first = mark.first else { return [] }
        var places: [Int] = []
        var start = 0
        while start + mark.count <= buffer.count,
            let found = memchr(base + start, Int32(first), buffer.count - start - mark.count + 1)
        {
            let place = UnsafeRawPointer(found) - base
            if memcmp(found, mark, mark.count) == 0 { places.append(place) }
            start = place + 1
        }
        return places
    }
}
