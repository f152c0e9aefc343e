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
            retentionField
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

    /// A slider beside a box of numbers. The box alone is sent; the slider is shown by the script, which
    /// keeps both at the same value.
    private var retentionField: HTML {
        let (least, most) = (String(retentions.lowerBound), String(retentions.upperBound))
        return Parts.field(
            "Backup retention period (in days)", "retention",
            hint: "\(least) to \(most) days. It determines how far back in time you can restore.",
            isRequired: true
        ) {
            tag("div", ["class": "beside"]) {
                void(
                    "input",
                    [
                        "type": "range", "min": least, "max": most, "step": "1", "value": retention,
                        "data-slides": "retention", "aria-label": "Retention in days, as a slider",
                        "hidden": "",
                    ])
                void(
                    "input",
                    [
                        "type": "number", "id": "retention", "name": "retention", "value": retention,
                        "min": least, "max": most, "step": "1", "inputmode": "numeric", "required": "",
                        "aria-describedby": "retention-hint", "autocomplete": "off",
                    ])
            }
        }
    }
}
