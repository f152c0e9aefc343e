import ArgumentParser
import ControlPlane
import Platform
import ServiceModel

/// How long a copy stays.
struct ExpiryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Delete the copy after 8h, 7d, at '2026-12-24 18:00', or when the day 2026-12-24 is over; it can be "
                + "revived for five days. Without a zone it is UTC.", valueName: "time"))
    var expires: String?
    @Flag(help: "Keep the copy beyond that time, until 'pitr update --no-hold'.") var hold = false

    func apply(to request: inout RestoreRequest) throws(Problem) {
        request.isHeld = hold
        if let expires { request.expiry = try ExpiryText.read(expires, now: SystemWallClock().now()) }
    }
}
