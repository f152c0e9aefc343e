import ArgumentParser

/// A range of addresses; one alone is a range of one.
struct AddressOptions: ParsableArguments {
    @Option(help: "First IPv4 address.") var startIpAddress: String?
    @Option(help: "Last IPv4 address.") var endIpAddress: String?

    func validate() throws {
        if startIpAddress == nil && endIpAddress == nil {
            throw ValidationError(
                "Incorrect Usage : Need to pass in value for either '--start-ip-address' "
                    + "or '--end-ip-address'."
            )
        }
    }
}
