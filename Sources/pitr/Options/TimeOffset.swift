import ArgumentParser

/// A span as `az monitor` takes it: `6h`, `1d`, `1d12h`, `30m`.
struct TimeOffset: ExpressibleByArgument, Sendable {
    let seconds: Int64

    init(seconds: Int64) {
        self.seconds = seconds
    }

    init?(argument: String) {
        var total: Int64 = 0
        var number = ""
        for character in argument.lowercased() {
            if character.isNumber && character.isASCII {
                number.append(character)
                continue
            }
            let units: [Character: Int64] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
            guard let unit = units[character], number.count < 8, let count = Int64(number) else { return nil }
            total += count * unit
            number = ""
        }
        guard number.isEmpty, total > 0 else { return nil }
        seconds = total
    }

    var defaultValueDescription: String { "\(seconds / 3600)h" }
}
