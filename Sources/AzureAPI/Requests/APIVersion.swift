/// The `api-version` of a request: a date, and perhaps `-preview`.
///
/// Clients of every age call, and each reads the shapes of its own time. The day alone decides between
/// them: a preview has the shape of what it previews.
public struct APIVersion: Hashable, Sendable, Comparable {
    /// `2024-08-01`: in order as text.
    private let day: String

    /// A request without a version, or with one that is none, is taken for the newest.
    public static let newest = APIVersion(day: "9999-12-31")
    /// The first in which a location tells its sizes once, instead of once for each version of PostgreSQL.
    public static let capabilitiesByLocation = APIVersion(day: "2023-06-01")
    /// The first in which what a location offers is told as a list of features.
    public static let features = APIVersion(day: "2024-11-01")

    private init(day: String) {
        self.day = day
    }

    /// Reads the query's `api-version`.
    public init(_ text: String?) {
        let day = (text ?? "").prefix(10)
        let isDay =
            day.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil
            && ["", "-preview", "-privatepreview"].contains((text ?? "").dropFirst(10).lowercased())
        self = isDay ? APIVersion(day: String(day)) : .newest
    }

    public static func < (left: APIVersion, right: APIVersion) -> Bool { left.day < right.day }
}
