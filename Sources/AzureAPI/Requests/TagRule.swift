public import Platform

/// What Azure takes for tags.
public enum TagRule {
    /// The same tags. Throws `.invalidParameterValue` for too many, and for names and values that are too
    /// long.
    public static func checked(_ tags: [String: String]) throws(Problem) -> [String: String] {
        let isTooLong = tags.contains { $0.key.utf16.count > 512 || $0.value.utf16.count > 256 }
        guard tags.count <= 50, !isTooLong, tags[""] == nil else {
            throw Problem(
                .invalidParameterValue, "The tags cannot be taken.",
                detail: "there can be 50, with names of 1 to 512 characters and values of up to 256")
        }
        return tags
    }
}
