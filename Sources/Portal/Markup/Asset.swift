/// A file that the pages need, as it is in the program.
public struct Asset: Sendable {
    public let bytes: [UInt8]
    /// As it is sent.
    public let type: String

    /// Nil for a name that no page has.
    public static func named(_ name: String) -> Asset? {
        switch name {
        case "portal.css": Asset(bytes: PackageResources.portal_css, type: "text/css; charset=utf-8")
        case "portal.js": Asset(bytes: PackageResources.portal_js, type: "text/javascript; charset=utf-8")
        case "timeline.js":
            Asset(bytes: PackageResources.timeline_js, type: "text/javascript; charset=utf-8")
        case "icon.svg": Asset(bytes: PackageResources.icon_svg, type: "image/svg+xml")
        default: nil
        }
    }
}
