import ArgumentParser

/// What a command has that makes a copy, and asks for nothing else but what it is made of.
struct MakingOptions: ParsableArguments {
    @OptionGroup var copy: CopyOptions
    @OptionGroup var noWait: NoWaitOption
    @OptionGroup var confirmed: YesOption
    @OptionGroup var network: NetworkOptions
    @OptionGroup var encryption: EncryptionOptions
}
