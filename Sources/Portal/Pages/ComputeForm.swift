/// How large a server is: the same on Create and on Compute + storage.
public struct ComputeForm: Sendable {
    public var tier = "GeneralPurpose"
    public var size = ""
    public var sizes: [Choice] = []
    public var storage = "32"
    public var storages: [Choice] = []
    public var retention = ""
    /// What may be chosen, in days.
    public var retentions = 1...1
    public var isGeoRedundant = false
    /// Whether redundancy can be chosen.
    public var isNew = true

    public init() {}

    static let tiers = [
        ("Burstable", "Burstable", "For work that comes now and then"),
        ("GeneralPurpose", "General Purpose", "For most applications"),
        ("MemoryOptimized", "Memory Optimized", "For data that should stay in memory"),
    ]

    @Markup var html: HTML {
        tag("fieldset", ["class": "card"]) {
            tag("legend", [:], "Compute")
            tag("div", ["class": "field"]) {
                tag("span", ["class": "label", "id": "tier"], "Compute tier")
                tag("div", ["class": "control tiles", "role": "radiogroup", "aria-labelledby": "tier"]) {
                    for (value, words, meaning) in Self.tiers {
                        tag("label", ["class": "tile"]) {
                            void(
                                "input",
                                [
                                    "type": "radio", "name": "tier", "value": value,
                                    "checked": value == tier ? "" : nil,
                                ])
                            tag("span") {
                                tag("strong", [:], words)
                                tag("span", ["class": "sub"], meaning)
                            }
                        }
                    }
                }
            }
            Parts.select(
                "Compute size", "size", size, [Choice("", "The tier's usual size")] + sizes,
                hint: "One that fits the tier above.")
        }
        tag("fieldset", ["class": "card"]) {
            tag("legend", [:], "Storage")
            Parts.select("Storage size", "storage", storage, storages)
        }
        tag("fieldset", ["class": "card"]) {
            tag("legend", [:], "Backups")
            Parts.input(
                "Backup retention period (in days)", "retention", retention, kind: "number",
                hint: "\(retentions.lowerBound) to \(retentions.upperBound) days. "
                    + "It determines how far back in time you can restore.",
                isRequired: true,
                more: [
                    "min": "\(retentions.lowerBound)", "max": "\(retentions.upperBound)", "step": "1",
                    "inputmode": "numeric",
                ])
            if isNew {
                tag("div", ["class": "field"]) {
                    tag("span", ["class": "label"], "Geo-redundancy")
                    tag("label", ["class": "check control"]) {
                        void(
                            "input",
                            [
                                "type": "checkbox", "name": "geo", "value": "yes",
                                "checked": isGeoRedundant ? "" : nil,
                            ])
                        "Recover from regional outage or disaster"
                    }
                }
            } else {
                Parts.fixed(
                    "Backup redundancy", isGeoRedundant ? "Geo-Redundant" : "Locally redundant",
                    hint: "Chosen when a server is created.")
            }
        }
    }
}
