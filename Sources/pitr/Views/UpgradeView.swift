import Notation
import Platform
import ServiceModel

/// An upgrade for a person.
enum UpgradeView {
    static func text(_ outlook: UpgradeOutlook) -> PersonText {
        var text = PersonText()
        text.heading("Server \(outlook.server) can be upgraded")
        text.field("PostgreSQL", "\(outlook.from) to \(outlook.to)")
        text.field("Data", ByteText.of(outlook.dataBytes))
        text.field("Room", room(outlook))
        if outlook.files == .linked { text.field("Way back", wayBack) }
        return text
    }

    /// What linked files cost.
    static let wayBack =
        "a restore from its backups, which stay until --finish: once the upgraded server has begun, nothing "
        + "can use the files as they were, and it is not tried beforehand"

    private static func room(_ outlook: UpgradeOutlook) -> String {
        if outlook.sharesBlocks { return "none: the copy shares its blocks" }
        let bytes = ByteText.of(outlook.copiedBytes)
        return outlook.files == .linked ? "\(bytes): the tables' files are linked" : bytes
    }

    static func text(_ result: UpgradeResult) -> PersonText {
        var text = PersonText()
        text.heading("Server \(result.server.name) runs PostgreSQL \(result.outlook.to)")
        text.field("Before", result.outlook.from)
        text.field("Nobody could connect for", seconds(result.downSeconds))
        text.field("In all", seconds(result.totalSeconds))
        text.field("As it was", "deleted server \(result.oldServerID), with its backups")
        for command in result.followUp { text.field("When all is well", command) }
        return text
    }

    private static func seconds(_ value: Double) -> String {
        "\((value * 10).rounded() / 10) s"
    }
}
