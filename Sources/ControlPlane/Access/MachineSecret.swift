#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Notation
import Repository

/// Secrets that machines make and keep: 256 random bits, which no dictionary helps to guess, so that a plain
/// hash of them is enough.
public enum MachineSecret {
    /// A new one, in 43 characters of a URL, the first of them a letter or a digit: what begins with a hyphen
    /// is an option to every command that it is pasted into (`az login --password SECRET`).
    public static func fresh() -> String {
        var generator = SystemRandomNumberGenerator()
        while true {
            let text = urlText((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
            if text.first?.isLetter == true || text.first?.isNumber == true { return text }
        }
    }

    /// What is kept of one: SHA-256 in hexadecimal digits.
    public static func hash(_ secret: String) -> String {
        Hexadecimal.text(SHA256.hash(Array(secret.utf8)))
    }

    /// Whether the hashes are the same; takes as long for one that differs at its end as at its beginning.
    public static func areEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }

    /// Whether a verifier is the one that a challenge of RFC 7636 (S256) was made from.
    public static func answers(challenge: String, verifier: String) -> Bool {
        areEqual(urlText(SHA256.hash(Array(verifier.utf8))), challenge)
    }

    /// Base 64 for URLs, without padding.
    public static func urlText(_ bytes: [UInt8]) -> String {
        let text = bytes.data.base64EncodedString()
        return text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
