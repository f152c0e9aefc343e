import Foundation
import Platform

/// Ways to spoil a file on purpose.
enum Damage {
    /// Turns over every bit of one byte; a negative offset counts from the end.
    static func flip(_ path: String, at offset: Int) throws {
        var bytes = try Array(Data(contentsOf: URL(filePath: path)))
        bytes[offset >= 0 ? offset : bytes.count + offset] ^= 0xFF
        try rewrite(path, bytes)
    }

    static func truncate(_ path: String, to size: Int) throws {
        try rewrite(path, Array(try Data(contentsOf: URL(filePath: path)).prefix(size)))
    }

    static func swap(_ one: String, _ other: String) throws {
        let temporary = one + ".swapped"
        try DurableFiles.rename(one, to: temporary)
        try DurableFiles.rename(other, to: one)
        try DurableFiles.rename(temporary, to: other)
    }

    /// In place: owner and mode stay.
    private static func rewrite(_ path: String, _ bytes: [UInt8]) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        defer { try? handle.close() }
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(bytes))
    }
}
