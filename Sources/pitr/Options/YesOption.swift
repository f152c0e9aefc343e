import ArgumentParser

struct YesOption: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Answer yes to every question.")
    var yes = false
}
