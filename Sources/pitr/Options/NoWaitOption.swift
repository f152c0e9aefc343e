import ArgumentParser
import Platform

/// az's `--no-wait`: understood, and refused.
struct NoWaitOption: ParsableArguments {
    @Flag(help: .hidden)
    var noWait = false

    func validate() throws {
        if noWait {
            throw ValidationError(
                "--no-wait is not possible yet: nothing would carry the work on after the command has ended")
        }
    }
}
